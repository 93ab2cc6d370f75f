package clients_test

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat/test/internal/need"
	"github.com/roomlog/chat/test/internal/node"
)

// Each case comes out as it says, for either client over either transport.
func TestCases_areTheSameForBothClients(t *testing.T) {
	js := startNode(t)
	for _, c := range cases(t) {
		for _, transport := range []string{"socket", "stream"} {
			t.Run(c.name+"/go/"+transport, func(t *testing.T) {
				t.Parallel()
				play(t, c, "go", transport, dialGo(transport))
			})
			t.Run(c.name+"/js/"+transport, func(t *testing.T) {
				t.Parallel()
				play(t, c, "js", transport, js.dial(transport))
			})
		}
	}
}

var modules need.Modules

// nodeClients are the clients of one process of Node.
type nodeClients struct {
	*node.Process
	mu   sync.Mutex
	last int
}

func startNode(t *testing.T) *nodeClients {
	t.Helper()
	p := node.Start(t, "../js/scripts/prepare.mjs", "../../js/dist", func() string {
		return filepath.Join(modules.Dir(t, "../js/npm", filepath.Join(scratch, "npm")), "node_modules", "ws", "wrapper.mjs")
	})
	module, err := filepath.Abs("cases.mjs")
	if err != nil {
		t.Fatal(err)
	}
	node.Run[any](p, `here.clients = []; Object.assign(here, await import('file://' + %s))`, module)
	return &nodeClients{Process: p}
}

// nodeClient drives one of them.
type nodeClient struct {
	process *node.Process
	number  int
	lines   []line
	asked   <-chan node.Answer // the answer to a next that nobody has waited for to the end
	over    bool
}

func (n *nodeClients) dial(transport string) func(t *testing.T, url string, tokens []string) driver {
	return func(t *testing.T, url string, tokens []string) driver {
		n.mu.Lock()
		n.last++
		c := &nodeClient{process: n.For(t), number: n.last}
		n.mu.Unlock()
		node.Run[any](c.process, `here.clients[%s] = here.start(here, %s)`, c.number, map[string]any{"url": url, "transport": transport, "tokens": tokens})
		t.Cleanup(c.close)
		return c
	}
}

func (c *nodeClient) do(act map[string]any) {
	node.Run[any](c.process, `here.clients[%s].do(%s)`, c.number, act)
}

func (c *nodeClient) next(within time.Duration) (line, bool) {
	for len(c.lines) == 0 && !c.over {
		if c.asked == nil {
			c.asked = c.process.Go(`return here.clients[%s].next()`, c.number)
		}
		timer := time.NewTimer(within)
		defer timer.Stop()
		select {
		case a := <-c.asked:
			c.asked = nil
			c.lines = node.Wait[[]line](c.process, done(a))
			c.over = len(c.lines) == 0
		case <-timer.C:
			return line{}, false
		}
	}
	if c.over {
		return line{}, false
	}
	l := c.lines[0]
	c.lines = c.lines[1:]
	return l, true
}

// done is a channel that holds an answer.
func done(a node.Answer) <-chan node.Answer {
	all := make(chan node.Answer, 1)
	all <- a
	return all
}

func (c *nodeClient) close() { node.Run[any](c.process, `here.clients[%s].close()`, c.number) }
