package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/roomlog/chat/test/internal/need"
)

var (
	script  = regexp.MustCompile(`(?s)<script type="module">\n(.*?)</script>`)
	library = regexp.MustCompile(`^(?:@roomlog/chat/?|/js/)([a-z]*)(?:\.js)?$`)
)

// scripts returns all that is JavaScript, also in pages of HTML.
func scripts(t *testing.T) []block {
	t.Helper()
	all := blocks(t, "js", "jsx")
	for _, b := range blocks(t, "html") {
		for _, at := range script.FindAllStringSubmatchIndex(b.code, -1) {
			s := b
			s.lang, s.code = "js", b.code[at[2]:at[3]]
			s.line += strings.Count(b.code[:at[2]], "\n")
			all = append(all, s)
		}
	}
	return all
}

func TestJavaScript_parses(t *testing.T) {
	need.Programs(t, "node")
	for _, b := range scripts(t) {
		code := b.code
		if b.lang == "jsx" {
			r := api.Transform(code, api.TransformOptions{Loader: api.LoaderJSX, JSX: api.JSXAutomatic})
			if len(r.Errors) > 0 {
				t.Errorf("%s:%d: %v", b.path, b.line, r.Errors)
				continue
			}
			code = string(r.Code)
		}
		file := filepath.Join(t.TempDir(), "block.mjs")
		if err := os.WriteFile(file, []byte(code), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("node", "--check", file).CombinedOutput(); err != nil {
			t.Errorf("%s:%d: %v\n%s", b.path, b.line, err, out)
		}
	}
}

// What a block imports of this project is exported there.
func TestJavaScript_importsWhatIsThere(t *testing.T) {
	dist, err := filepath.Abs("../../js/dist")
	if err != nil {
		t.Fatal(err)
	}
	resolve := api.Plugin{Name: "docs", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			if match := library.FindStringSubmatch(args.Path); match != nil {
				name := match[1]
				if name == "" {
					name = "chat"
				}
				return api.OnResolveResult{Path: filepath.Join(dist, name+".js")}, nil
			}
			if strings.HasPrefix(args.Importer, dist) && strings.HasPrefix(args.Path, "./") {
				return api.OnResolveResult{Path: filepath.Join(dist, args.Path)}, nil
			}
			return api.OnResolveResult{Path: args.Path, External: true}, nil
		})
	}}
	ours := 0
	for _, b := range scripts(t) {
		ours += strings.Count(b.code, "'@roomlog/chat") + strings.Count(b.code, "'/js/")
		r := api.Build(api.BuildOptions{
			Stdin:  &api.StdinOptions{Contents: b.code, Loader: api.LoaderJSX, Sourcefile: b.String(), ResolveDir: scratch},
			Bundle: true, Format: api.FormatESModule, JSX: api.JSXAutomatic, Plugins: []api.Plugin{resolve},
		})
		for _, e := range append(r.Errors, r.Warnings...) {
			t.Errorf("%s:%d: %s (%+v)", b.path, b.line, e.Text, e.Location)
		}
	}
	if ours == 0 {
		t.Error("no block imports anything of this project")
	}
}
