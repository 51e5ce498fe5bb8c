package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
)

// Whom to trust and who to be, as PEM text: the agent may run where the caller's files are not.
type access struct {
	CA         string `json:"ca"`
	Cert       string `json:"cert"`
	Key        string `json:"key"`
	Token      string `json:"token"`
	ServerName string `json:"serverName"`
}

// No session cache: every new connection is a full handshake and sees the certificate that is served now.
func (a access) tlsConfig() (*tls.Config, error) {
	config := &tls.Config{ServerName: a.ServerName, MinVersion: tls.VersionTLS12}
	if a.CA != "" {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM([]byte(a.CA)) {
			return nil, errors.New("the CA file holds no certificate")
		}
	}
	if a.Cert != "" {
		pair, err := tls.X509KeyPair([]byte(a.Cert), []byte(a.Key))
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
