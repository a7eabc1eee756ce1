#!/bin/sh
# A real S3-compatible store with Object Lock on 127.0.0.1:$PORT, for src/s3/real-store.int.spec.ts: Ceph's RADOS Gateway with one monitor and one store in memory.
# Needs the programs of Debian's radosgw, ceph-mon, ceph-osd and ceph-common (16.2 was tried). They may be unpacked with dpkg -x below $ROOT and need not be installed.
#   sh radosgw.sh DIRECTORY [PORT]     starts it, prints what to set, stays until it is stopped
set -eu
R=$(mkdir -p "$1" && cd "$1" && pwd); PORT=${2:-7480}; MON=$((PORT + 1)); ROOT=${ROOT:-}
LIB=$ROOT/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH="$LIB:$LIB/ceph:$ROOT/lib/x86_64-linux-gnu" PATH="$ROOT/usr/bin:$PATH" PYTHONPATH="$ROOT/usr/lib/python3/dist-packages" CEPH_CONF="$R/ceph.conf"
mkdir -p "$R/mon" "$R/osd" "$R/rgw"
FSID=$(cat /proc/sys/kernel/random/uuid); OSD=$(cat /proc/sys/kernel/random/uuid); SECRET=$(od -An -tx1 -N16 /dev/urandom | tr -d ' \n')
cat > "$CEPH_CONF" <<CONF
[global]
fsid = $FSID
mon initial members = a
mon host = v2:127.0.0.1:$MON
ms bind msgr1 = false
ms mon client mode = crc
ms client mode = crc
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
run dir = $R
admin socket = $R/\$name.asok
log file = $R/\$name.log
pid file = $R/\$name.pid
mon cluster log file = $R/cluster.log
erasure code dir = $LIB/ceph/erasure-code
plugin dir = $LIB/ceph
osd class dir = $LIB/rados-classes
osd objectstore = memstore
memstore device bytes = 2147483648
mon data = $R/mon
osd data = $R/osd
rgw data = $R/rgw
rgw frontends = beast endpoint=127.0.0.1:$PORT
rgw crypt require ssl = false
rgw run sync thread = false
CONF
monmaptool --create --clobber --addv a "[v2:127.0.0.1:$MON]" --fsid "$FSID" "$R/monmap" > /dev/null
ceph-mon --mkfs -i a --monmap "$R/monmap" -c "$CEPH_CONF"
ceph-mon -i a -f -c "$CEPH_CONF" > "$R/mon.out" 2>&1 & PIDS=$!
trap 'kill $PIDS 2> /dev/null || true' EXIT INT TERM
/usr/bin/python3 "$ROOT/usr/bin/ceph" --connect-timeout 30 osd new "$OSD" 0 > /dev/null
ceph-osd -i 0 --mkfs --osd-uuid "$OSD" -c "$CEPH_CONF" 2> /dev/null
ceph-osd -i 0 -f -c "$CEPH_CONF" > "$R/osd.out" 2>&1 & PIDS="$PIDS $!"
timeout 120 radosgw-admin --no-mon-config user create --uid=test --display-name=test --access-key=AKSALLYPORT --secret-key="$SECRET" > /dev/null
radosgw -f --id admin -c "$CEPH_CONF" --no-mon-config > "$R/rgw.out" 2>&1 & PIDS="$PIDS $!"
for _ in $(seq 60); do curl -s -o /dev/null "http://127.0.0.1:$PORT/" && break; sleep 1; done
echo "export SALLYPORT_TEST_S3=http://127.0.0.1:$PORT SALLYPORT_TEST_S3_KEYS=AKSALLYPORT:$SECRET"
wait
