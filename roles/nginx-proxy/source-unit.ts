export interface SourceUnit {
  readonly binary: string
  readonly config: string
  readonly prefix: string
}

/** nginx built from source (document 003). It is started only with a configuration that it accepts. */
export function sourceUnit({ binary, config, prefix }: SourceUnit): string {
  const nginx = `${binary} -c ${config} -p ${prefix}`
  return `[Unit]
Description=kube-apiserver nginx proxy
After=network.target
After=network-online.target
Wants=network-online.target

[Service]
Type=forking
ExecStartPre=${nginx} -t
ExecStart=${nginx}
ExecReload=${nginx} -s reload
PrivateTmp=true
Restart=always
RestartSec=5
StartLimitInterval=0
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
`
}
