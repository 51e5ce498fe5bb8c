// The prober's agent: asks one API address over and over and writes one JSON line per request to stdout. It reads its
// task, one JSON line, from stdin and stops when stdin ends, so it never outlives the script that started it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

type task struct {
	URL       string   `json:"url"`
	Kinds     []string `json:"kinds"` // "new /readyz", "kept /version"
	Rate      float64  `json:"rate"`  // requests per second of each kind
	TimeoutMs int      `json:"timeoutMs"`
	access
}

// One request: start (µs since 1970), how long it took (µs), why it failed, whether it opened a connection.
type sample struct {
	Kind     string `json:"k"`
	Start    int64  `json:"t"`
	Duration int64  `json:"d"`
	Error    string `json:"e,omitempty"`
	Opened   bool   `json:"c,omitempty"`
}

func main() {
	in := bufio.NewReader(os.Stdin)
	line, err := in.ReadBytes('\n')
	if err != nil {
		fail(fmt.Errorf("no task on stdin: %w", err))
	}
	var t task
	if err := json.Unmarshal(line, &t); err != nil {
		fail(err)
	}
	tls, err := t.tlsConfig()
	if err != nil {
		fail(err)
	}
	stop := make(chan struct{})
	go func() { // Anything more on stdin is of no interest, its end is.
		for _, err := in.ReadByte(); err == nil; _, err = in.ReadByte() {
		}
		close(stop)
	}()

	samples := make(chan sample, 1024)
	written := make(chan struct{})
	go write(samples, written)
	var running sync.WaitGroup
	timeout := time.Duration(t.TimeoutMs) * time.Millisecond
	interval := time.Duration(float64(time.Second) / t.Rate)
	for i, kind := range t.Kinds {
		running.Add(1)
		c := newClient(kind, t.URL, t.access, tls, timeout)
		phase := interval * time.Duration(i) / time.Duration(len(t.Kinds))
		go func() {
			defer running.Done()
			time.Sleep(phase)
			every(interval, stop, &running, func() { samples <- c.ask() })
		}()
	}
	running.Wait()
	close(samples)
	<-written
}

// Each request runs beside the others: one that hangs doesn't hide what happens to those after it.
func every(interval time.Duration, stop <-chan struct{}, running *sync.WaitGroup, ask func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			running.Add(1)
			go func() {
				defer running.Done()
				ask()
			}()
		}
	}
}

func write(samples <-chan sample, done chan<- struct{}) {
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	flush := time.NewTicker(100 * time.Millisecond)
	for {
		select {
		case s, open := <-samples:
			if !open {
				out.Flush()
				close(done)
				return
			}
			if encoder.Encode(s) != nil {
				os.Exit(1)
			}
		case <-flush.C:
			if out.Flush() != nil {
				os.Exit(1)
			}
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
