# A stand-in: CoreDNS itself can't be had. It answers what the probes of its pod ask, and no name.
ARG PROGRAMS
FROM ${PROGRAMS} AS programs
FROM scratch
COPY --from=programs /trees/shell /
RUN mkdir /www && echo OK >/www/health && echo OK >/www/ready
COPY coredns.sh /coredns
ENTRYPOINT ["/coredns"]
