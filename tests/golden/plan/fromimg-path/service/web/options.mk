FROMIMG= images/../other/base.img
