# What the images of daemons are made of: each program with what it is linked with, and a busybox. No registry is needed.
ARG HOST
FROM ${HOST}
RUN apt-get install -y haproxy etcd-server etcd-client busybox-static
COPY tree.sh /tree.sh
RUN sh /tree.sh /trees/haproxy /usr/sbin/haproxy && sh /tree.sh /trees/etcd /usr/bin/etcd /usr/bin/etcdctl && sh /tree.sh /trees/shell
