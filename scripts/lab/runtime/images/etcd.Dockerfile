ARG PROGRAMS
FROM ${PROGRAMS} AS programs
FROM scratch
COPY --from=programs /trees/etcd /
