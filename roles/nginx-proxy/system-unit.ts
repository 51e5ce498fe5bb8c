export interface NginxUnit {
  readonly binary: string
  readonly config: string
  readonly pid: string
}

/** A unit beside the distribution's own `nginx.service`, which is free to serve something else. */
export const nginxUnit = ({ binary, config, pid }: NginxUnit): string => `[Unit]
Description=Proxy to the API servers of Kubernetes (nginx)
Wants=network-online.target
After=network-online.target

[Service]
Type=forking
PIDFile=${pid}
ExecStartPre=${binary} -t -q -c ${config}
ExecStart=${binary} -c ${config}
ExecReload=${binary} -t -q -c ${config}
ExecReload=/bin/kill -s HUP $MAINPID
KillSignal=SIGQUIT
KillMode=mixed
TimeoutStopSec=10
Restart=always
RestartSec=5
LimitNOFILE=1048576

[Install]
WantedBy=multi-user.target
`
