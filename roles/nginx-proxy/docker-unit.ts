import { dirname } from 'node:path'

export interface DockerUnit {
  /** Of the unit and of the container. */
  readonly name: string
  readonly image: string
  /** On the host; the container sees its folder as /etc/nginx. */
  readonly config: string
  readonly restart: string
  readonly restartSeconds: number
}

/**
 * nginx in a container, kept running by systemd (document 000). The image runs nginx in the foreground with
 * /etc/nginx/nginx.conf.
 */
export const dockerUnit = ({ name, image, config, restart, restartSeconds }: DockerUnit): string => `[Unit]
Description=kube-apiserver nginx
Wants=docker.socket
After=docker.service

[Service]
User=root
PermissionsStartOnly=true
ExecStart=/usr/bin/docker run \\
  --name ${name} \\
  --net=host \\
  --restart=${restart} \\
  -v ${dirname(config)}:/etc/nginx \\
  ${image}
ExecStartPre=-/usr/bin/docker rm -f ${name}
ExecStop=/usr/bin/docker stop ${name}
Restart=always
RestartSec=${restartSeconds}s
TimeoutStartSec=30s

[Install]
WantedBy=multi-user.target
`
