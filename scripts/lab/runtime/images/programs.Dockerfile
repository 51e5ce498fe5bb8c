# What the images of daemons are made of: each program with what it is linked with, and a busybox. No registry is needed.
ARG HOST
FROM ${HOST}
RUN apt-get install -y haproxy etcd-server etcd-client busybox-static conntrack containernetworking-plugins
COPY tree.sh /tree.sh
RUN sh /tree.sh /trees/haproxy /usr/sbin/haproxy && sh /tree.sh /trees/etcd /usr/bin/etcd /usr/bin/etcdctl && sh /tree.sh /trees/shell \
    # kube-proxy calls iptables, whose extensions are libraries that it opens by itself.
    && sh /tree.sh /trees/kube-proxy /usr/sbin/xtables-nft-multi /usr/sbin/conntrack \
    && cp -aL --parents /usr/lib/*/xtables /lib/*/libm.so.6 /trees/kube-proxy/ \
    && for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do \
         ln -s xtables-nft-multi /trees/kube-proxy/usr/sbin/$name; done
