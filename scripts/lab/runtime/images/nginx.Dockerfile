# As the official image: paths, and `stream` built in.
ARG PROGRAMS
FROM ${PROGRAMS} AS programs
FROM scratch
COPY --from=programs /trees/shell /
COPY nginx /usr/sbin/nginx
RUN mkdir -p /var/cache/nginx /var/log/nginx && ln -s /dev/stdout /var/log/nginx/access.log && ln -s /dev/stderr /var/log/nginx/error.log
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
