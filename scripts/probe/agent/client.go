package main

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type client struct {
	kind, url, token string
	kept             bool
	tls              *tls.Config
	timeout          time.Duration

	mu        sync.Mutex
	transport *http.Transport
}

func newClient(kind, base string, a access, config *tls.Config, timeout time.Duration) *client {
	how, path, _ := strings.Cut(kind, " ")
	c := &client{kind: kind, url: strings.TrimRight(base, "/") + path, token: a.Token, kept: how == "kept", tls: config, timeout: timeout}
	c.transport = c.newTransport()
	return c
}

// A kept connection speaks HTTP/2 where the server does, as the clients of Kubernetes do: its GOAWAY lets a server
// close without losing a request, and nothing is retried behind our back once a request has been sent.
func (c *client) newTransport() *http.Transport {
	t := &http.Transport{
		TLSClientConfig:     c.tls.Clone(),
		DialContext:         (&net.Dialer{Timeout: c.timeout}).DialContext,
		TLSHandshakeTimeout: c.timeout,
		DisableKeepAlives:   !c.kept,
		ForceAttemptHTTP2:   c.kept,
		DisableCompression:  true,
	}
	if !c.kept {
		t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	}
	return t
}

func (c *client) current() *http.Transport {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.transport
}

// After a broken connection a client dials anew; without that a silently dropped connection would fail every later request too.
func (c *client) replace(failed *http.Transport) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.transport == failed {
		c.transport = c.newTransport()
		failed.CloseIdleConnections()
	}
}

func (c *client) ask() sample {
	start := time.Now()
	s := sample{Kind: c.kind, Start: start.UnixMicro()}
	transport := c.current()
	stage := stages{}
	opened, err := c.get(transport, &stage)
	s.Duration = time.Since(start).Microseconds()
	s.Opened = opened
	if err != nil {
		s.Error = reason(err, &stage)
		var status *statusError
		if c.kept && !errors.As(err, &status) {
			c.replace(transport)
		}
	}
	return s
}

func (c *client) get(transport *http.Transport, stage *stages) (opened bool, err error) {
	request, err := http.NewRequest("GET", c.url, nil)
	if err != nil {
		return false, err
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	var dialled atomic.Bool
	trace := stage.trace()
	trace.GotConn = func(info httptrace.GotConnInfo) {
		if !info.Reused {
			dialled.Store(true)
		}
	}
	request = request.WithContext(httptrace.WithClientTrace(request.Context(), trace))
	response, err := (&http.Client{Transport: transport, Timeout: c.timeout, CheckRedirect: noRedirect}).Do(request)
	if err != nil {
		return dialled.Load(), err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<16))
	if err == nil && response.StatusCode != http.StatusOK {
		err = &statusError{response.StatusCode, body}
	}
	return dialled.Load(), err
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
