# SPDX-License-Identifier: BSD-2-Clause
#
# Names that a NetBSD base set has, as data for sets.py: programs, libraries,
# kernel modules, time zones, locales.  Facts only, no file's content.


def words(text):
    return text.split()


BIN = words("""cat chmod cp csh date dd df domainname echo ed expr getfacl hostname kill ksh ln ls mkdir mt mv pax ps
pwd rcmd rcp rm rmdir setfacl sh sleep stty sync tar tcsh test""")
BIN_LINKS = {"[": "test", "rmail": None, "cpio": "pax"}

SBIN = words("""amrctl apmlabel atactl badsect bioctl brconfig cgdconfig chown clri devpubd disklabel dkctl dkscan_bsdlabel
dmctl dmesg dmsetup drvctl dump dump_lfs fdisk fsck fsck_ext2fs fsck_ffs fsck_lfs fsck_msdos fsck_udf fsck_v7fs fsdb
fsirand gpt halt ifconfig ifwatchd init iscsictl iscsid kadb ldconfig lmcconfig luactl mbrlabel mkbootimage mknod
modload modstat modunload mount mount_ados mount_cd9660 mount_efs mount_ext2fs mount_fdesc mount_ffs mount_filecore
mount_hfs mount_kernfs mount_lfs mount_msdos mount_nfs mount_ntfs mount_null mount_nilfs mount_overlay mount_portal
mount_procfs mount_ptyfs mount_qemufwcfg mount_sysvbfs mount_tmpfs mount_udf mount_umap mount_union mount_v7fs
mount_zfs mountd newfs newfs_ext2fs newfs_lfs newfs_msdos newfs_sysvbfs newfs_udf newfs_v7fs nfsd nologin npfctl
nvmectl pcictl pdisk ping ping6 poweroff quotacheck raidctl rcorder reboot rekey restore resize_ffs resize_lfs route
routed rtadvd rtsol rump_halt savecore scan_ffs scsictl setkey shutdown slattach sun2label svhlabel swapctl sysctl
ttyflags tunefs umount unmount veriexecctl wdogctl wizd wpa_cli wpa_supplicant""")

USR_BIN = words("""[ apply apropos asa at atf-check atf-report atf-sh atq atrm audioctl audioplay audiorecord awk banner
basename batch bc biff bdes btattach bthset btkey btpin bunzip2 bzcat bzip2 bzip2recover c89 c99 cal calendar cap_mkdb
cdplay checknr chflags chfn chio chpass chsh cksum cmp col colcrt colrm column comm compress config crontab crunchgen
crunchide csplit ctags ctype cu cut cvs db dbsym dc deroff deallocate dig diff diff3 dirname du eject elf2aout elf2ecoff
env eqn error ex expand extattrctl false fdformat fgen file fincore find finger fixterm flex fmt fold fpr from fsplit
fstat ftp ftpd-logger gcore genassym genfs getaddrinfo getconf getent getextattr getopt gettext gettext.sh grep groups
gunzip gzcat gzip head hexdump host hp2ps id ident indent infocmp innetgr install ipcrm ipcs iconv join jot kadmin kdestroy kdump
kf kgetcred kinit klist kpasswd ktrace ktruss kyua lam last lastcomm ldapadd ldapdelete ldapmodify ldapsearch ldd leave less
lessecho lesskey lex locale localedef locate lock logger login logname look lorder lp lpq lpr lprm lsextattr lua luac m4
machine mail mailx make makeconv man mandoc merge mesg midiplay midirecord mixerctl mkcsmapper mkdep mkesdb mkfifo
mkhybrid mklocale mkstr moduli more msgattrib msgc msgs mt-gnu musings nbperf nc neqn netgroup_mkdb netstat newaliases
newgrp newsyslog-list nfsstat nice nl nohup nonpkg nroff nslookup nsupdate oldrdist openssl pagesize passwd paste patch
pathchk pax2tar pcap-config pftp pgrep phones pkill pkg_add pkg_admin pkg_create pkg_delete pkg_info pmap pr printenv
printf progress psql puffs_cat pwait pwhash qsubst quota radioctl rcs rcsclean rcsdiff rcsmerge rdist readlink
refer renice resize restart reset rev rfcomm_sppd rlog rlogin rpcgen rpcinfo rpki rs rsh rup ruptime rusers rwall rwho
sbase scp script scmdump sdiff sdpquery sed seq setextattr sftp shar shlock showmount shuffle size skey skeyinfo
skeyinit slogin sort spell split sqlite3 sqlite3_shell ssh ssh-add ssh-agent ssh-copy-id ssh-keygen ssh-keyscan stat strip su
sup symorder sys_info sysconf systat tabs tail talk tcopy tee telnet tftp tic time timeout tip tmux top touch tput tr
trn true tset tsort tty ul uname unexpand unifdef uniq units unvis unxz unzip uptime usbhidaction usbhidctl
users utoppya uudecode uuencode uuidgen vacation vgrind vi vis vmstat w wall wc what whatis whereis which who whoami
whois write xargs xinstall xmlwf xstr xz xzcat yacc yes ypcat ypmatch ypwhich zcat zcmp zdiff zforce zgrep zmore znew""")

USR_SBIN = words("""accton ac acpidump acpitools altqd altqstat amd amq apm apmd apropos-utils arp atrun authpf autofs automount
automountd autounmountd bad144 bta2dpd btconfig btdevctl blacklistctl blacklistd blocklistctl blocklistd bootpd bootpef
bootpgw bootptest bthcid btuartd catman cdctl chat chown-n chroot chrtbl cnwctl cpuctl cron ctwmctl crash dbmmanage
dev_mkdb dhcpcd dhcpd dhcrelay diskpart dnssec-keygen dnssec-signzone dnssec-verify dtrace edquota eeprom envstat etcupdate extattrctl
faithd fanoutfs flashctl fssconfig fstyp fusermount fwctl gpioctl grfconfig group groupadd groupdel groupinfo groupmod
grouplist gspa hdaudioctl hlfsd hostapd hostapd_cli httpd ibcs2 i2cscan identd ifmcstat inetd installboot intrctl iopctl iostat
ipwctl iprop-log irdaattach isdnd isdnmonitor isibootd iteconfig iwictl kadmind kcm kdc kdigest kgmon kpasswdd kstash
ktutil lastlogin link lockstat locate.updatedb lpc lpd lptctl makefs makemandb map-mbone mdsetimage mdconfig mdnsd
memswitch mkalias mlxctl mmcformat mopd mopcopy mopprobe moptrace mountd mount_9p mount_psshfs mrinfo mrouted mscdlabel
mtest mtrace mtree music named named-checkconf named-checkzone ndbootd ndiscvt ndp netgroup_mkdb newsyslog nfsd
nsd npfd ntp-keygen ntpd ntpdate ntpdc ntpq ntptime ntptrace ofctl paxctl pbsdboot pcnfsd pf pfctl pfspoold pflogd pim
postalias postcat postconf postdrop postfix postinstall postkick postlock postlog postmap postmulti postqueue
postsuper powerd pppd pppdump pppoectl pppstats pppctl prtlabel pstat psrset puffs_rump pvcsif pwd_mkdb quot quotactl
quotaoff quotaon quotarestore racoon racoonctl rarpd rbootd rdate repquota revoke rip6query rmt rndc rndctl route6d rpc.bootparamd
rpc.lockd rpc.pcnfsd rpc.rquotad rpc.rstatd rpc.rusersd rpc.rwalld rpc.sprayd rpc.statd rpc.yppasswdd rpcbind rtadvd
rtquery rtsold rwhod sa schedctl screenblank sdpd sendmail services_mkdb sesd setkeymap setnetbootinfo sliplogin
slstats spray srtconfig sshd sti stdethers stdhosts sunlabel sup-server sysinst syslogd tadpolectl tbrconfig tcpdchk
tcpdmatch tcpdrop tcpdump tftp-proxy timed timedc tprof traceroute traceroute6 trpt trsp ttyvd unbound unlink usbconfig
usbdevs user useradd userdel userinfo usermgmt-tools usermod utmp_update veriexecgen vesactl veriexecd vipw vnconfig vnc wake wiconfig
wire-test wlanctl wsconscfg wsconsctl wsfontload wsmoused wsmuxctl xntpd ypbind ypinit yppoll yppush ypserv ypset
yptest ypxfr zdb zdump zfs zic zpool zzz""")

RESCUE = words("""[ amd atactl awk badsect bioctl brconfig bunzip2 bzcat bzip2 cat cgdconfig chflags chgrp chio chmod chown chroot
clri cp csh date dd df dhcpcd disklabel dkctl dmesg dmsetup domainname drvctl dump dump_lfs echo ed eject ex expr false fdisk
fsck fsck_ext2fs fsck_ffs fsck_lfs fsck_msdos fsck_udf fsdb ftp getopt gpt grep gunzip gzcat gzip halt head hostname id
ifconfig init inetd iscsictl iscsid kdump kill ktrace ktruss ksh ldconfig ldd less ln ls lvm mbrlabel mkdir mknod mkfifo
modload modstat modunload more mount mount_cd9660 mount_ext2fs mount_ffs mount_kernfs mount_lfs mount_mfs mount_msdos
mount_nfs mount_ntfs mount_null mount_overlay mount_procfs mount_tmpfs mount_udf mount_union mt mv newfs newfs_ext2fs
newfs_lfs newfs_msdos nice nohup pax pcictl pdisk pgrep ping ping6 pkill poweroff progress ps pwd raidctl rcorder rcp
rdump reboot resize_lfs restore rm rmdir route rrestore rtsol savecore scan_ffs scsictl sed sh shutdown slattach sleep
stty swapctl swapoff swapon sync sysctl tail tar test tetris touch traceroute tput ttyflags umount uniq unmount vi
veriexecctl vmstat wiconfig xz xzcat zcat""")

# Libraries: name, major.minor, size in KiB, True if /lib has it (else /usr/lib).
LIBS = [
    (f[0], f[1], int(f[2]), f[3] == "l")
    for f in (
        x.split(":")
        for x in words("""c:12.221:1800:l crypt:1.0:28:l crypto:15.0:4560:l ssl:15.0:790:l curses:9.0:180:l terminfo:2.0:86:l
    edit:3.1:230:l kvm:6.0:52:l m:0.14:330:l pthread:1.5:104:l rt:1.1:14:l util:7.24:120:l z:1.0:96:l lua:5.4:270:l
    prop:1.2:92:l ppath:0.1:30:l npf:0.1:96:l blocklist:0.2:20:l devmapper:1.0:160:l isns:0.0:24:l nvpair:0.0:60:l ossaudio:1.0:20:u
    zfs:0.0:240:l zpool:0.0:780:l zfs_core:0.0:20:l umem:0.0:24:l uutil:0.0:36:l avl:0.0:12:l radius:4.0:24:u skey:2.0:30:l
    tls:0.1:80:u pcap:9.0:330:u archive:4.0:760:u bz2:1.1:72:u lzma:2.1:180:u expat:2.6:200:u magic:8.0:170:u sqlite3:1.5:1350:u
    stdc++:9.0:2300:u gcc_s:1.0:90:u gomp:4.0:290:u asan:4.0:1540:u ubsan:2.0:480:u objc:6.0:130:u atomic:0.0:30:u lsan:0.0:520:u
    gssapi:11.1:320:u krb5:28.1:820:u hx509:6.1:410:u asn1:10.1:860:u roken:20.1:110:u heimbase:2.1:60:u hdb:15.1:180:u
    kadm5clnt:15.1:80:u kadm5srv:16.1:140:u kafs:16.1:24:u kdc:3.1:310:u wind:1.1:260:u com_err:8.1:14:u ntlm:4.2:40:u otp:5.1:60:u
    sl:6.1:40:u ldap:5.0:380:u ldap_r:5.0:400:u lber:5.0:70:u bind9:20.0:2600:u dns:20.0:2500:u isc:20.0:520:u isccfg:20.0:180:u
    ns:20.0:230:u irs:20.0:30:u rumpuser:0.1:66:u rump:0.0:1100:u rumpvfs:0.0:390:u rumpnet:0.0:260:u rumpnet_net:0.0:160:u
    rumpnet_netinet:0.0:480:u rumpnet_netinet6:0.0:430:u rumpfs_ffs:0.0:330:u rumpfs_ext2fs:0.0:120:u rumpfs_tmpfs:0.0:60:u
    rumpfs_msdos:0.0:90:u rumpfs_nfs:0.0:220:u rumpdev:0.0:70:u rumpdev_disk:0.0:60:u rumpdev_usb:0.0:170:u rumpkern_tty:0.0:70:u
    rumpdev_scsipi:0.0:180:u rumpclient:0.0:50:u puffs:2.0:100:u p2k:2.0:50:u refuse:2.0:70:u perfuse:1.0:96:u quota:0.0:24:u
    usbhid:1.1:24:u bluetooth:4.2:60:u iscsi:2.0:120:u event:5.0:330:u event_core:5.0:190:u event_extra:5.0:160:u des:14.0:80:u
    form:7.0:70:u menu:7.0:50:u panel:1.0:14:u pam:4.1:90:u posix:0.1:14:u resolv:3.0:40:u rmt:1.1:20:u rpcsvc:1.0:76:u
    ssh:45.0:900:u wrap:1.0:60:u ipsec:3.0:110:u racoon:3.0:40:u saslc:0.0:80:u netpgp:5.0:210:u netpgpverify:3.0:120:u
    bfd:18.0:1400:u opcodes:9.0:420:u dwarf:3.0:210:u elf:2.0:150:u ctf:3.0:90:u dtrace:3.0:430:u execinfo:0.0:22:u
    dm:0.0:16:u fetch:3.0:70:u cbor:0.4:50:u fido2:2.0:190:u pci:2.2:180:u i386:2.0:24:u x86_64:0.1:24:u kyua:0.0:50:u
    atf-c:0.1:80:u atf-c++:0.1:96:u mj:0.0:20:u persist:0.0:30:u y:0.1:12:u l:1.0:12:u supc++:0.0:300:u altq:0.0:30:u
    ypclnt:0.0:16:u nbcompat:0.0:20:u dns_sd:1.0:30:u isofs:0.0:30:u ukfs:1.1:60:u""")
    )
]

PAM = words("""afslog chroot deny echo exec ftpusers group guest krb5 ksu lastlog login_access nologin permit radius rhosts
rootok securetty self skey ssh u2f unix""")

MODULES = words("""accf_dataready accf_httpready acpiacad acpibat acpibut acpicpu acpidalb acpifan acpilid acpipmtr acpitz acpivga acpivmgenc
acpiwmi acpiwdrt adosfs aes aibs amdsensors amdtemp amdzentemp aps asb ath ath_hal athn audio auvitek auxio autofs azalia bcsp
blake2s bpf bpfjit bridge btintr btuart cardbus carp cc_cubic ccd cd9660 cgd chfs ciss clockctl coda coda5 compat compat_09
compat_10 compat_12 compat_13 compat_14 compat_16 compat_20 compat_30 compat_40 compat_43 compat_50 compat_60 compat_70
compat_80 compat_90 compat_100 compat_crypto_50 compat_linux compat_linux32 compat_netbsd32 compat_netbsd32_09
compat_netbsd32_13 compat_netbsd32_16 compat_netbsd32_20 compat_netbsd32_43 compat_netbsd32_50 compat_netbsd32_60
compat_netbsd32_80 compat_netbsd32_90 compat_netbsd32_100 compat_netbsd32_coredump compat_netbsd32_mqueue
compat_netbsd32_nfssrv compat_netbsd32_ntp compat_netbsd32_ptrace compat_netbsd32_quota compat_netbsd32_raid
compat_netbsd32_sysvipc compat_ossaudio compat_raid_50 compat_raid_80 compat_sysctl_09_43 compat_sysv_10 compat_sysv_14
compat_sysv_50 compat_util coram coredump coretemp cryptodev crypto dbcool des dm dmoverwatch drm drmkms drmkms_linux
drmkms_pci drmkms_sched drmkms_ttm dtrace dtrace_fbt dtrace_lockstat dtrace_profile dtrace_sdt dtrace_syscall
dtrace_syscall_linux dtv dtv_math ds28e17iic emcfan emcfanctrl emdtv est example1 examples exec_aout exec_elf32 exec_elf64
exec_script ext2fs fdesc ffs filecore filemon finsio flash flashvar fss gpio gpioiic gpiolock gpiomim gpioow gpiopwm
gpiorfkill gpiosim hdafg hdaudio hdaudio_pci hdaudioverb hfs hifn hpacel hpqlb hythygtemp hythitemp i915drmkms ichsmb
ichlpcib if_agr if_alc if_ale if_an if_aq if_aue if_axe if_axen if_bah if_bge if_bnx if_bwfm if_cdce if_cemac if_cnw if_cue
if_dge if_ena if_faith if_gif if_gre if_ipsec if_iwm if_iwn if_iwi if_ixg if_ixl if_jme if_kse if_kue if_l2tp
if_lagg if_loop if_mpls if_mos if_mue if_msk if_ne if_nfe if_ntwoc if_otus if_ppp if_pppoe if_ral if_re if_rge if_rtw if_rtwn if_rum if_run
if_scx if_sf if_sip if_sk if_sl if_smsc if_srt if_ste if_stge if_stf if_tap if_ti if_tl if_tlp if_tun if_txp if_uath if_udav if_upgt if_upl if_url
if_urndis if_urtw if_urtwn if_vether if_vge if_vlan if_vmx if_vr if_vte if_wg if_wm if_wpi if_xge if_yukon if_zyd iic iicmux infocom ipf
ip6fw iscsi itesio jmide joy ipl kernfs ksem ksyms layerfs lfs linux_kqueue lm lua luaexample luapmf luareadhappy luasystm
lzf mach mbr md midi midisyn miiphy mpls mqueue mps msdos msdosfs mvsata nand nandemulator ncr nfs nfsserver nilfs nouveau
npf npf_alg_icmp npf_ext_log npf_ext_normalize npf_ext_rndblock npf_ext_route nsmb ntfs null nullfs nvmm nvme obio odcm onewire overlay
owtemp pad pciverbose pckbd pcmciacom pcmciaverbose pcppi pf piixpm pms portal powernow procfs properties ptrace ptyfs puffs putter pseye
qsphy quota1 radeon raid regcheck rkphy rlphy rndpseudo sdmmc sdmmcverbose secmodel_bsd44 secmodel_extensions
secmodel_keylock secmodel_overlay secmodel_securelevel secmodel_suser sdtemp sequencer sgp40mox shpcic shsound sht3xtemp
sht4xtemp si70xxtemp skipjack smbfs smscphy solaris spdmem spkr sppp srt stpcide swcrypto swsensor swwdog sysmon
sysmon_envsys sysmon_power sysmon_taskq sysmon_wdog sysv_ipc sysvbfs tcp_congctl thinkpad tmpfs tpm tprof tprof_amd
tprof_intel tqphy tsllux uatp uaudio ubsec ucom udf uftdi ug uhidev uipad uhso ukphy umap umass umcs umodem union unionfs
uplcom uplt urio usbverbose uslsa uthum utoppy uvideo uvisor uvscom uyap v7fs vcoda vdmabuf verbose veriexec vga
vhba viadrmums via_padlock viacide viaide viapcib vioscsi viomb virtio virtio_pci vmt vnd vmw wapbl wbsio wmidell wmieeepc wmihp wmimsi wsbell wsmuxverb x86emu x86fb
xc3028 xc5k zfs zlib zl10353""")

ZONES = {
    "Africa": words("""Abidjan Accra Addis_Ababa Algiers Asmara Bamako Bangui Banjul Bissau Blantyre Brazzaville Bujumbura Cairo
    Casablanca Ceuta Conakry Dakar Dar_es_Salaam Djibouti Douala El_Aaiun Freetown Gaborone Harare Johannesburg Juba Kampala
    Khartoum Kigali Kinshasa Lagos Libreville Lome Luanda Lubumbashi Lusaka Malabo Maputo Maseru Mbabane Mogadishu Monrovia
    Nairobi Ndjamena Niamey Nouakchott Ouagadougou Porto-Novo Sao_Tome Timbuktu Tripoli Tunis Windhoek"""),
    "America": words("""Adak Anchorage Anguilla Antigua Araguaina Aruba Asuncion Atikokan Atka Bahia Barbados Belem Belize
    Blanc-Sablon Boa_Vista Bogota Boise Cambridge_Bay Campo_Grande Cancun Caracas Cayenne Cayman Chicago Chihuahua
    Ciudad_Juarez Costa_Rica Creston Cuiaba Curacao Danmarkshavn Dawson Dawson_Creek Denver Detroit Dominica Edmonton
    Eirunepe El_Salvador Ensenada Fort_Nelson Fortaleza Glace_Bay Goose_Bay Grand_Turk Grenada Guadeloupe Guatemala
    Guayaquil Guyana Halifax Havana Hermosillo Inuvik Iqaluit Jamaica Juneau Knox_IN Kralendijk La_Paz Lima Los_Angeles
    Lower_Princes Maceio Managua Manaus Marigot Martinique Matamoros Mazatlan Menominee Merida Metlakatla Mexico_City
    Miquelon Moncton Monterrey Montevideo Montreal Montserrat Nassau New_York Nipigon Nome Noronha Nuuk Ojinaga Panama
    Pangnirtung Paramaribo Phoenix Port-au-Prince Port_of_Spain Porto_Acre Porto_Velho Puerto_Rico Punta_Arenas
    Rainy_River Rankin_Inlet Recife Regina Resolute Rio_Branco Rosario Santa_Isabel Santarem Santiago Santo_Domingo
    Sao_Paulo Scoresbysund Shiprock Sitka St_Barthelemy St_Johns St_Kitts St_Lucia St_Thomas St_Vincent Swift_Current
    Tegucigalpa Thule Thunder_Bay Tijuana Toronto Tortola Vancouver Virgin Whitehorse Winnipeg Yakutat Yellowknife"""),
    "Antarctica": words("Casey Davis DumontDUrville Macquarie Mawson McMurdo Palmer Rothera South_Pole Syowa Troll Vostok"),
    "Asia": words("""Aden Almaty Amman Anadyr Aqtau Aqtobe Ashgabat Atyrau Baghdad Bahrain Baku Bangkok Barnaul Beirut Bishkek
    Brunei Chita Choibalsan Chongqing Colombo Damascus Dhaka Dili Dubai Dushanbe Famagusta Gaza Harbin Hebron
    Ho_Chi_Minh Hong_Kong Hovd Irkutsk Istanbul Jakarta Jayapura Jerusalem Kabul Kamchatka Karachi Kashgar Kathmandu
    Khandyga Kolkata Krasnoyarsk Kuala_Lumpur Kuching Kuwait Macau Magadan Makassar Manila Muscat Nicosia Novokuznetsk
    Novosibirsk Omsk Oral Phnom_Penh Pontianak Pyongyang Qatar Qostanay Qyzylorda Riyadh Sakhalin Samarkand Seoul
    Shanghai Singapore Srednekolymsk Taipei Tashkent Tbilisi Tehran Tel_Aviv Thimphu Tokyo Tomsk Ulaanbaatar Urumqi
    Ust-Nera Vientiane Vladivostok Yakutsk Yangon Yekaterinburg Yerevan"""),
    "Atlantic": words("Azores Bermuda Canary Cape_Verde Faroe Jan_Mayen Madeira Reykjavik South_Georgia St_Helena Stanley"),
    "Australia": words("""ACT Adelaide Brisbane Broken_Hill Canberra Currie Darwin Eucla Hobart LHI Lindeman Lord_Howe
    Melbourne NSW North Perth Queensland South Sydney Tasmania Victoria West Yancowinna"""),
    "Europe": words("""Amsterdam Andorra Astrakhan Athens Belfast Belgrade Berlin Bratislava Brussels Bucharest Budapest
    Busingen Chisinau Copenhagen Dublin Gibraltar Guernsey Helsinki Isle_of_Man Istanbul Jersey Kaliningrad Kirov Kyiv
    Lisbon Ljubljana London Luxembourg Madrid Malta Mariehamn Minsk Monaco Moscow Nicosia Oslo Paris Podgorica Prague
    Riga Rome Samara San_Marino Sarajevo Saratov Simferopol Skopje Sofia Stockholm Tallinn Tirane Tiraspol Ulyanovsk
    Vaduz Vatican Vienna Vilnius Volgograd Warsaw Zagreb Zurich"""),
    "Indian": words("Antananarivo Chagos Christmas Cocos Comoro Kerguelen Mahe Maldives Mauritius Mayotte Reunion"),
    "Pacific": words("""Apia Auckland Bougainville Chatham Chuuk Easter Efate Fakaofo Fiji Funafuti Galapagos Gambier
    Guadalcanal Guam Honolulu Kanton Kiritimati Kosrae Kwajalein Majuro Marquesas Midway Nauru Niue Norfolk Noumea
    Pago_Pago Palau Pitcairn Pohnpei Port_Moresby Rarotonga Saipan Samoa Tahiti Tarawa Tongatapu Truk Wake Wallis Yap"""),
    "Etc": words("GMT UTC UCT Universal Zulu Greenwich GMT0") + ["GMT%+d" % i for i in range(-14, 13) if i != 0],
    "": words("""CET CST6CDT Cuba EET EST EST5EDT Egypt Eire Factory GB GMT HST Hongkong Iceland Iran Israel Jamaica Japan
    Kwajalein Libya MET MST MST7MDT NZ NZ-CHAT Navajo PRC PST8PDT Poland Portugal ROC ROK Singapore Turkey UCT UTC
    Universal W-SU WET Zulu iso3166.tab posixrules tzdata.zi zone.tab zone1970.tab leap-seconds.list"""),
}

LOCALES = words("""C aa_DJ.UTF-8 af_ZA.ISO8859-1 af_ZA.ISO8859-15 af_ZA.UTF-8 am_ET.UTF-8 ar_AE.UTF-8 ar_EG.UTF-8 be_BY.CP1131 be_BY.CP1251
be_BY.ISO8859-5 be_BY.UTF-8 bg_BG.CP1251 bg_BG.UTF-8 ca_ES.ISO8859-1 ca_ES.ISO8859-15 ca_ES.UTF-8 cs_CZ.ISO8859-2
cs_CZ.UTF-8 da_DK.ISO8859-1 da_DK.ISO8859-15 da_DK.UTF-8 de_AT.ISO8859-1 de_AT.ISO8859-15 de_AT.UTF-8 de_CH.ISO8859-1
de_CH.ISO8859-15 de_CH.UTF-8 de_DE.ISO8859-1 de_DE.ISO8859-15 de_DE.UTF-8 el_GR.ISO8859-7 el_GR.UTF-8 en_AU.ISO8859-1
en_AU.ISO8859-15 en_AU.US-ASCII en_AU.UTF-8 en_CA.ISO8859-1 en_CA.ISO8859-15 en_CA.US-ASCII en_CA.UTF-8 en_GB.ISO8859-1
en_GB.ISO8859-15 en_GB.US-ASCII en_GB.UTF-8 en_IE.UTF-8 en_NZ.ISO8859-1 en_NZ.ISO8859-15 en_NZ.US-ASCII en_NZ.UTF-8
en_US.ISO8859-1 en_US.ISO8859-15 en_US.US-ASCII en_US.UTF-8 en_ZA.UTF-8 eo.ISO8859-3 es_ES.ISO8859-1 es_ES.ISO8859-15
es_ES.UTF-8 es_MX.UTF-8 et_EE.ISO8859-15 et_EE.UTF-8 eu_ES.ISO8859-1 eu_ES.ISO8859-15 eu_ES.UTF-8 fi_FI.ISO8859-1
fi_FI.ISO8859-15 fi_FI.UTF-8 fr_BE.ISO8859-1 fr_BE.ISO8859-15 fr_BE.UTF-8 fr_CA.ISO8859-1 fr_CA.ISO8859-15 fr_CA.UTF-8
fr_CH.ISO8859-1 fr_CH.ISO8859-15 fr_CH.UTF-8 fr_FR.ISO8859-1 fr_FR.ISO8859-15 fr_FR.UTF-8 he_IL.ISO8859-8 he_IL.UTF-8
hi_IN.ISCII-DEV hi_IN.UTF-8 hr_HR.ISO8859-2 hr_HR.UTF-8 hu_HU.ISO8859-2 hu_HU.UTF-8 hy_AM.ARMSCII-8 hy_AM.UTF-8
is_IS.ISO8859-1 is_IS.ISO8859-15 is_IS.UTF-8 it_CH.ISO8859-1 it_CH.UTF-8 it_IT.ISO8859-1 it_IT.ISO8859-15 it_IT.UTF-8
ja_JP.CP932 ja_JP.ISO2022-JP ja_JP.ISO2022-JP2 ja_JP.SJIS ja_JP.UTF-8 ja_JP.ct ja_JP.eucJP kk_KZ.PT154 kk_KZ.UTF-8 ko_KR.CP949
ko_KR.UTF-8 ko_KR.eucKR la_LN.ISO8859-1 la_LN.ISO8859-15 la_LN.ISO8859-2 la_LN.ISO8859-4 la_LN.US-ASCII lt_LT.ISO8859-13
lt_LT.ISO8859-4 lt_LT.UTF-8 lv_LV.ISO8859-13 lv_LV.UTF-8 mn_MN.UTF-8 nb_NO.ISO8859-1 nb_NO.UTF-8 nl_BE.ISO8859-1
nl_BE.ISO8859-15 nl_BE.UTF-8 nl_NL.ISO8859-1 nl_NL.ISO8859-15 nl_NL.UTF-8 nn_NO.ISO8859-1 nn_NO.UTF-8 no_NO.ISO8859-1
no_NO.ISO8859-15 no_NO.UTF-8 pl_PL.ISO8859-2 pl_PL.UTF-8 pt_BR.ISO8859-1 pt_BR.UTF-8 pt_PT.ISO8859-1 pt_PT.ISO8859-15
pt_PT.UTF-8 ro_RO.ISO8859-2 ro_RO.UTF-8 ru_RU.CP1251 ru_RU.CP866 ru_RU.ISO8859-5 ru_RU.KOI8-R ru_RU.UTF-8
sk_SK.ISO8859-2 sk_SK.UTF-8 sl_SI.ISO8859-2 sl_SI.UTF-8 sr_ME.ISO8859-2 sr_ME.ISO8859-5 sr_ME.UTF-8 sr_RS.ISO8859-2
sr_RS.ISO8859-5 sr_RS.UTF-8 sv_SE.ISO8859-1 sv_SE.ISO8859-15 sv_SE.UTF-8 tr_TR.ISO8859-9 tr_TR.UTF-8 uk_UA.CP1251
uk_UA.ISO8859-5 uk_UA.KOI8-U uk_UA.UTF-8 zh_CN.GB18030 zh_CN.GB2312 zh_CN.GBK zh_CN.UTF-8 zh_CN.eucCN zh_HK.Big5HKSCS zh_HK.UTF-8 zh_TW.Big5
zh_TW.UTF-8 zh_TW.eucTW""")
LOCALE_FILES = words("LC_CTYPE LC_MESSAGES/LC_MESSAGES LC_MONETARY LC_NUMERIC LC_TIME LC_COLLATE")

CSMAPPER = {
    "APPLE": words("ARABIC CELTIC CENTEURO CROATIAN CYRILLIC DEVANAGARI DINGBATS FARSI GAELIC GREEK GUJARATI GURMUKHI HEBREW "
                   "ICELAND INUIT JAPANESE KEYBOARD KOREAN ROMAN ROMANIAN SYMBOL THAI TURKISH"),
    "AST": words("ARMSCII-7 ARMSCII-8 ARMSCII-8A"),
    "BIG5": words("Big5 Big5-2003 Big5-E Big5-ETen Big5-HKSCS-2004 Big5-IBM Big5-Plus"),
    "CNS": words("CNS11643-1 CNS11643-2 CNS11643-3 CNS11643-4 CNS11643-5 CNS11643-6 CNS11643-7 CNS11643-15"),
    "CP": ["CP%s" % n for n in words("""037 038 10000 1006 1025 1026 1046 1124 1125 1129 1131 1133 1161 1162 1163 1250 1251 1252 1253
    1254 1255 1256 1257 1258 273 274 275 277 278 280 281 284 285 290 297 420 423 424 437 500 737 775 850 851 852 853 855 856
    857 858 860 861 862 863 864 865 866 868 869 870 871 874 875 880 891 903 904 905 918 921 922 932 936 942 943 949 950""")],
    "EBCDIC": words("AT-DE AT-DE-A CA-FR DK-NO DK-NO-A ES ES-A ES-S FI-SE FI-SE-A FR IS-FRISS IT PT UK US"),
    "GB": words("GB12345 GB2312 GB18030-PUA GBK"),
    "GEORGIAN": words("ACADEMY PS"),
    "ISO646": ["ISO646-%s" % n for n in words("BASIC@1983 CA CA2 CN CU DE DK ES ES2 FR FR1 GB HU INV IRV IT JP JP-OCR-B KR NO NO2 PT PT2 SE SE2 US YU")],
    "ISO-8859": ["ISO-8859-%d" % i for i in range(1, 17)],
    "JIS": words("JISX0201-KANA JISX0201-ROMAN JISX0208@1978 JISX0208@1983 JISX0208@1990 JISX0212 JISX0213-1 JISX0213-2"),
    "KAZAKH": words("KZ1048 PTCP154"),
    "KOI": words("KOI7 KOI8-C KOI8-E KOI8-R KOI8-RU KOI8-T KOI8-U"),
    "KS": words("CP949 Johab KSX1001"),
    "MISC": words("ATARIST DEC-MCS HP-ROMAN8 NeXTSTEP RISCOS-LATIN1"),
    "TCVN": words("TCVN5712-1"),
    "VISCII": words("VISCII"),
}

# C headers stand in for the many small text files of a full installation.
HEADERS = words("""a.out aio ar arpa/ftp arpa/inet arpa/nameser arpa/telnet arpa/tftp assert atomic bitstring bzlib complex cpio crypt ctype
curses db dirent disktab dlfcn elf err errno ethers event eti evbarm evdns expat fcntl fenv float fmtmsg fnmatch form fstab fts ftw
getopt glob grp hesiod histedit iconv ieeefp ifaddrs inttypes iso646 kvm langinfo lber ldap libelf libgen libintl limits link
link_elf locale login_cap lwp lzma magic math md2 md4 md5 memory menu mj mntopts monetary mpool mqueue ndbm netconfig
netdb netgroup nl_types nlist nsswitch panel paths poll pthread puffs pwd quota randomid ranlib re_comp regex regexp
resolv rmd160 sched search semaphore setjmp sgtty sha1 sha2 signal skey spawn sqlite3 stab stdarg stdbool stddef
stdint stdio stdlib string stringlist strings struct sysexits syslog tar term termcap termios tgmath threads time tls
ttyent tzfile uchar ucontext ulimit unctrl unistd usbhid util utime utmp utmpx uuid uvm varargs vis wchar wctype
wordexp zconf zlib""")
SYS_HEADERS = words("""acct agpio aio ansi aout_mids ataio atomic audioio bitops bootblock bswap buf bufq callback callout cctr cdbr cdio
cdefs cdefs_aout cdefs_elf chio clock clockctl common_int_const common_int_limits common_limits condvar conf core cprng cpu
cpu_data cpuio cpu_topology ctype_bits ctype_inline dataset dir dirent disk disklabel disklabel_acorn disklabel_gpt
disklabel_rdb dkbad dkio dkstat domain drvctlio dvdio endian entropy envsys errno evcnt event eventvar exec exec_aout
exec_coff exec_ecoff exec_elf exec_script extattr extent fault fcntl fd_set fdio featuretest fileassoc file filedesc filio
flashio float_ieee754 fstrans fstypes futex gcq gmon gpio hash heap hist hook idle ieee754 inttypes ioctl ioctl_compat
iostat ipc ipmi joystick kauth kcov kcpuset kernel kernhist kgdb kmem ksem ksyms ktrace localcount localedef lock
lockdebug lockf lua lwp lwpctl malloc mallocvar mbuf md4 md5 memory midiio mman module module_hook motioctl mount msan
msg msgbuf mtio mutex namei null once optstr param pax pci_resource pcq pipe pmf poll pool power proc
procfs prot psref pset pserialize ptrace ptree queue quota quotactl radixtree radioio ras rb rbtree reboot resource resourcevar
rmd160 rnd rndio rwlock scanio sched scsiio sdt select selinfo sem semaphore sha1 sha2 sha3 shm siginfo signal signalvar
sigtypes simplelock sleepq sleeptab socket socketvar sockio spawn specificdata stat statvfs stdarg stdbool stddef stdint
swap syncobj syscall syscallargs syscallvar sysctl syslimits syslog systm tdr termios threadpool time timeb timepps times
timespec timetc timevar timex tls tprintf trace tree ttycom ttydefaults ttydev tty types ucontext ucred uidinfo uio un unistd
unmount unpcb userret utsname uuid uvm vadvise vfs_syscalls vmem vmmeter vnode vnode_if vsio wait wapbl workqueue xattr xcall""")
HEADER_DIRS = words("""altq amd64 arpa atf-c bsm ddb dev dev/acpi dev/ata dev/bluetooth dev/dm dev/hdaudio dev/i2c dev/ic dev/ieee1394
dev/ir dev/iscsi dev/ofw dev/pci dev/pcmcia dev/pud dev/raidframe dev/scsipi dev/sun dev/sysmon dev/usb dev/vme dev/wscons fs
fs/adosfs fs/cd9660 fs/filecorefs fs/hfs fs/msdosfs fs/nfs fs/nilfs fs/ntfs fs/ptyfs fs/puffs fs/smbfs fs/tmpfs fs/udf
fs/union fs/v7fs g++ gssapi heimdal i386 isofs kadm5 krb5 libdwarf lua machine miscfs miscfs/fdesc miscfs/kernfs
miscfs/nullfs miscfs/procfs miscfs/specfs net net80211 netatalk netbt netcan netinet netinet6 netipsec netkey netmpls nfs
nvmm openssl pcap prop protocols quad rpc rpcsvc rump security sljit ssp ufs ufs/chfs ufs/ext2fs ufs/ffs ufs/lfs ufs/mfs
ufs/ufs uvm x86 xen""")

FIRMWARE = {
    "amdgpu": ["%s_%s.bin" % (g, b) for g in words("bonaire carrizo fiji hawaii kabini kaveri mullins navi10 navi12 navi14 "
               "oland picasso pitcairn polaris10 polaris11 polaris12 raven raven2 renoir stoney tahiti tonga topaz vega10 vega12 vega20 vegam verde")
               for b in words("ce mc me mec pfp rlc sdma smc uvd vce")],
    "radeon": ["%s_%s.bin" % (g, b) for g in words("aruba barts bonaire btc caicos cayman cedar cypress hainan hawaii juniper "
               "kabini kaveri mullins oland palm pitcairn r100 r200 r300 r420 r520 r600 r700 redwood rs600 rs690 rs780 rv610 rv620 "
               "rv630 rv635 rv670 rv710 rv730 rv770 sumo sumo2 tahiti turks verde") for b in words("me pfp rlc smc")],
    "i915": words("bxt_dmc_ver1_07.bin bxt_guc_ver9_29.bin bxt_huc_ver01_07.bin cnl_dmc_ver1_07.bin glk_dmc_ver1_04.bin icl_dmc_ver1_07.bin "
                  "icl_guc_33.0.0.bin icl_huc_ver8_4_3238.bin kbl_dmc_ver1_04.bin kbl_guc_ver9_39.bin kbl_huc_ver02_00_1810.bin "
                  "skl_dmc_ver1_27.bin skl_guc_ver9_33.bin skl_huc_ver01_07_1398.bin"),
    "nouveau": ["nvidia/%s/gr/%s.bin" % (g, b) for g in words("gm200 gm204 gm206 gp100 gp102 gp104 gp106 gp107 gp108 gv100 tu102 tu104 tu106")
                for b in words("fecs_bl fecs_data fecs_inst fecs_sig gpccs_bl gpccs_data gpccs_inst gpccs_sig sw_bundle_init sw_ctx sw_method_init sw_nonctx")],
    "if_iwm": ["iwlwifi-%s.ucode" % n for n in words("3160-17 3168-22 7260-17 7265-17 7265D-22 8000C-22 8265-22 9000-34 9260-34")],
    "if_iwn": ["iwlwifi-%s.ucode" % n for n in words("100-5 1000-3 105-6 135-6 2000-6 2030-6 4965-2 5000-2 5150-2 6000-4 6000g2a-5 6000g2b-6 6050-5")],
    "if_athn": words("ar5523 ar7010 ar9271"),
    "if_bwfm": ["brcmfmac%s-sdio.bin" % n for n in words("43143 43241b0 43241b4 43241b5 4329 4330 4334 43340 4335 43362 4339 43430 43455 4354 4356")],
    "if_ral": words("rt2561.bin rt2561s.bin rt2661.bin rt2860.bin rt3290.bin microcode-ral"),
    "tegra": words("tegra124-xusb.bin tegra210-xusb.bin"),
    "ucode": ["microcode_amd_fam%s.bin" % n for n in words("10h 11h 14h 15h 16h 17h 19h")],
}
