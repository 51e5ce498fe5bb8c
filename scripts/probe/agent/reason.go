package main

import (
	"crypto/tls"
	"errors"
	"fmt"
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

// An answer that is not 200: the server is there, and the connection is as good as before.
type statusError struct {
	code int
	body []byte
}

// Of a health report only the checks that fail are told, which start with "[-]"; of anything else the first line.
func (e *statusError) Error() string {
	lines := strings.Split(strings.TrimSpace(string(e.body)), "\n")
	text := lines[0]
	for _, line := range lines {
		if strings.HasPrefix(line, "[-]") {
			text = line
			break
		}
	}
	if len(text) > 200 {
		text = text[:200]
	}
	return fmt.Sprintf("HTTP %d: %s", e.code, text)
}
