# As the official image: `haproxy …` becomes master and workers in the foreground.
ARG PROGRAMS
FROM ${PROGRAMS} AS programs
FROM scratch
COPY --from=programs /trees/haproxy /
COPY haproxy-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
STOPSIGNAL SIGUSR1
ENTRYPOINT ["/usr/local/bin/docker-entrypoint.sh"]
CMD ["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]
