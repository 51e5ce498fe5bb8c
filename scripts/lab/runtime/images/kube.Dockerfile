ARG PROGRAMS
FROM ${PROGRAMS} AS programs
FROM scratch
ARG TREE
ARG PROGRAM
COPY --from=programs /trees/${TREE} /
COPY ${PROGRAM} /usr/local/bin/${PROGRAM}
