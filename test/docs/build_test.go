package docs_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// imported are the packages that a fragment may use without saying so.
var imported = map[string]string{
	"bytes": "bytes", "context": "context", "errors": "errors", "fmt": "fmt", "json": "encoding/json", "log": "log",
	"http": "net/http", "template": "html/template", "strings": "strings", "time": "time", "url": "net/url",
	"chat": "github.com/roomlog/chat", "client": "github.com/roomlog/chat/client", "js": "github.com/roomlog/chat/js",
	"transport": "github.com/roomlog/chat/transport", "mount": "github.com/roomlog/chat/transport/mount",
	"rest": "github.com/roomlog/chat/transport/rest", "sse": "github.com/roomlog/chat/transport/sse",
}

// given is what a fragment takes as given, as the pages say.
const given = "ctx context.Context, c *chat.Chat, room *chat.Room, ann, bob chat.User, guest *transport.Guest, api *mount.API, mux *http.ServeMux"

// source makes a file of a block: as it is if it is a program, else with what
// it takes as given around it. Its lines are those of the page.
func source(b block) (string, error) {
	line := fmt.Sprintf("//line %s:%d\n", b.path, b.line)
	if strings.HasPrefix(b.code, "package ") {
		return line + b.code, nil
	}
	fset := token.NewFileSet()
	body := line + b.code
	if _, err := parser.ParseFile(fset, "", "package fragment\n"+body, parser.SkipObjectResolution); err != nil {
		body = "func _(" + given + ") {\n" + body + "}\n"
	}
	file, err := parser.ParseFile(fset, b.page, "package fragment\n"+body, 0)
	if err != nil {
		return "", err
	}
	var paths []string
	for _, ident := range file.Unresolved {
		path, ok := imported[ident.Name]
		if ok && !slices.Contains(paths, path) && selected(file, ident) {
			paths = append(paths, path)
		}
	}
	imports := ""
	for _, path := range paths {
		imports += fmt.Sprintf("import %q\n", path)
	}
	return "package fragment\n" + imports + body, nil
}

// selected reports whether something is selected of the identifier.
func selected(file *ast.File, ident *ast.Ident) (found bool) {
	ast.Inspect(file, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		found = found || ok && s.X == ident
		return !found
	})
	return found
}

// module writes the blocks, each as a package of its own, into a module that needs
// what this one does, and returns where that is.
var module = sync.OnceValues(func() (string, error) {
	root := filepath.Join(scratch, "module")
	files := map[string]string{}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			return "", err
		}
		files[name] = string(text)
	}
	chat, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return "", err
	}
	files["go.mod"] = strings.Replace(files["go.mod"], "github.com/roomlog/chat => ../", "github.com/roomlog/chat => "+chat, 1)
	for _, b := range goBlocks {
		code, err := source(b)
		if err != nil {
			return "", fmt.Errorf("%s: %w", b, err)
		}
		if serves(b) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return "", err
			}
			defer l.Close() // not before all have an address
			addresses[b.String()] = l.Addr().String()
			code = strings.ReplaceAll(code, listens, l.Addr().String())
		}
		files[filepath.Join(b.String(), "main.go")] = code
	}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o700); err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	return root, nil
})

var (
	goBlocks  []block
	addresses = map[string]string{} // where the programs listen, by block
)

// goTool runs a command of go on all blocks.
func goTool(args ...string) error {
	root, err := module()
	if err != nil {
		return err
	}
	cmd := exec.Command("go", append(args, "./...")...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.New(string(out))
	}
	return nil
}

// built builds all blocks of Go, once, and returns where the programs are.
func built(t *testing.T) string {
	t.Helper()
	once.Do(func() {
		goBlocks = blocks(t, "go")
		buildError = goTool("build") // with -o only the programs would be
		if buildError == nil {
			buildError = goTool("build", "-o", scratch+string(filepath.Separator))
		}
	})
	if buildError != nil {
		t.Fatal(buildError)
	}
	return scratch
}

var (
	once       sync.Once
	buildError error
)

func TestGo_builds(t *testing.T) { built(t) }

func TestGo_passesVet(t *testing.T) {
	built(t)
	if err := goTool("vet"); err != nil {
		t.Fatal(err)
	}
}

// A reader may paste what is shown and has it as gofmt would.
func TestGo_isFormatted(t *testing.T) {
	for _, b := range blocks(t, "go") {
		formatted, err := format.Source([]byte(b.code))
		if err != nil {
			t.Errorf("%s:%d: %v", b.path, b.line, err)
		} else if string(formatted) != b.code {
			t.Errorf("%s:%d is not formatted; it should be\n%s", b.path, b.line, formatted)
		}
	}
}
