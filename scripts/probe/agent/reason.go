package main

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
)

// How far a request came: what a timeout was waiting for.
type stages struct{ at atomic.Int32 }

var waitingFor = []string{"connecting", "TLS handshake", "sending the request", "waiting for the answer"}

func (s *stages) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				s.at.Store(1)
			}
		},
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			if err == nil {
				s.at.Store(2)
			}
		},
		WroteRequest: func(httptrace.WroteRequestInfo) { s.at.Store(3) },
	}
}

// The short words an operator looks for, and the whole error where there are none.
func reason(err error, stage *stages) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	at := waitingFor[stage.at.Load()]
	var netError net.Error
	switch {
	case wrapped != nil && wrapped.Timeout(), errors.As(err, &netError) && netError.Timeout():
		return "timeout: " + at
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset: " + at
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed: " + at
	}
	return err.Error()
}

func firstLine(body []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	if len(line) > 200 {
		line = line[:200]
	}
	return line
}
