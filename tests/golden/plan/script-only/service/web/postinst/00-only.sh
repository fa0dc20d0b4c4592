# SPDX-License-Identifier: BSD-2-Clause
#
# Named in a plan, never run.
