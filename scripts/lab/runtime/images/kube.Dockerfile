ARG PROGRAMS
FROM ${PROGRAMS} AS programs
FROM scratch
ARG PROGRAM
COPY --from=programs /trees/shell /
COPY ${PROGRAM} /usr/local/bin/${PROGRAM}
