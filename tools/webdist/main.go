// Command webdist bundles the page of examples/web: from its static to its dist.
//
//	go run ./webdist          # in tools/: writes ../examples/web/dist
//	go run ./webdist -check   # says what differs, and exits with status 1
//
// The modules become one script, but for the client, which the page imports from
// where the server has it; the style sheets become one. The same source gives the
// same bytes.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// bundles are the files of dist, and where each begins.
var bundles = map[string]string{"app.js": "js/app.js", "app.css": "css/app.css"}

func main() {
	root := flag.String("web", filepath.Join("..", "examples", "web"), "the folder of the example")
	check := flag.Bool("check", false, "compare, and write nothing")
	flag.Parse()
	if err := run(*root, *check); err != nil {
		fmt.Fprintln(os.Stderr, "webdist:", err)
		os.Exit(1)
	}
}

func run(root string, check bool) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	var failed []error
	for name, entry := range bundles {
		bundle, err := build(root, entry)
		if err != nil {
			return err
		}
		file := filepath.Join(root, "dist", name)
		if !check {
			failed = append(failed, os.WriteFile(file, bundle, 0o644))
		} else if there, _ := os.ReadFile(file); !bytes.Equal(there, bundle) {
			failed = append(failed, fmt.Errorf("%s is not of this source: run webdist", name))
		}
	}
	return errors.Join(failed...)
}

func build(root, entry string) ([]byte, error) {
	result := api.Build(api.BuildOptions{
		AbsWorkingDir:     root,
		EntryPoints:       []string{"static/" + entry},
		Bundle:            true,
		External:          []string{"@roomlog/chat", "@roomlog/chat/*"},
		Format:            api.FormatESModule,
		Target:            api.ES2022,
		Platform:          api.PlatformBrowser,
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsNone,
		MinifySyntax:      true,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		Write:             false,
		Outdir:            "dist",
	})
	if found := append(result.Errors, result.Warnings...); len(found) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(api.FormatMessages(found, api.FormatMessagesOptions{}), "\n"))
	}
	return result.OutputFiles[0].Contents, nil
}
