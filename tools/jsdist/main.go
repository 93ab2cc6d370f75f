// Command jsdist bundles the client for browsers: from js/src to js/dist.
//
//	go run ./jsdist          # in tools/: writes ../js/dist
//	go run ./jsdist -check   # says what differs, and exits with status 1
//
// The same source gives the same bytes. The declarations beside the bundles are
// the compiler's: see js/README.md.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// entries are the files of dist, each of which imports the others as they are.
// The first is the core.
var entries = []string{"chat", "stream", "messages", "people", "rooms", "calls", "storage", "react", "svelte"}

// internal are the names of properties that no user, and nothing on the wire,
// ever sees: they are made short, in all files the same.
const internal = `^(heard|every|lists|unfollow|follow|run|reach|take|touch|tell|outbox|adopt|echo|reached|flush|shown|changed|address|probe|stop|never|final)$`

func main() {
	root := flag.String("js", filepath.Join("..", "js"), "the folder of the package")
	check := flag.Bool("check", false, "compare, and write nothing")
	flag.Parse()
	if err := run(*root, *check); err != nil {
		fmt.Fprintln(os.Stderr, "jsdist:", err)
		os.Exit(1)
	}
}

func run(root string, check bool) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	var stale []string
	short := map[string]any{}
	for _, name := range entries {
		bundle, err := build(root, name, short)
		if err != nil {
			return err
		}
		file := filepath.Join(root, "dist", name+".js")
		if !check {
			if err := os.WriteFile(file, bundle, 0o644); err != nil {
				return err
			}
			continue
		}
		if there, _ := os.ReadFile(file); !bytes.Equal(there, bundle) {
			stale = append(stale, name+".js")
		}
	}
	if stale != nil {
		return fmt.Errorf("dist is not of this source: %s; run jsdist", strings.Join(stale, ", "))
	}
	return nil
}

// build bundles one entry. short are the names that were made short so far.
func build(root, name string, short map[string]any) ([]byte, error) {
	result := api.Build(api.BuildOptions{
		AbsWorkingDir:     root,
		EntryPoints:       []string{"src/" + name + ".ts"},
		Bundle:            true,
		Format:            api.FormatESModule,
		Target:            api.ES2022,
		Platform:          api.PlatformNeutral,
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsNone,
		MinifySyntax:      true,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MangleProps:       internal,
		MangleCache:       short,
		External:          []string{"react"},
		Plugins:           []api.Plugin{{Name: "entries", Setup: apart}},
		Outfile:           "dist/" + name + ".js",
		Write:             false,
	})
	if len(result.Errors) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(api.FormatMessages(result.Errors, api.FormatMessagesOptions{}), "\n"))
	}
	if len(result.Warnings) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(api.FormatMessages(result.Warnings, api.FormatMessagesOptions{}), "\n"))
	}
	for long, is := range result.MangleCache {
		short[long] = is
	}
	return result.OutputFiles[0].Contents, nil
}

// apart leaves the imports of other entries as they are.
func apart(b api.PluginBuild) {
	b.OnResolve(api.OnResolveOptions{Filter: `^\./(` + strings.Join(entries, "|") + `)\.js$`}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		return api.OnResolveResult{Path: args.Path, External: true, SideEffects: api.SideEffectsFalse}, nil
	})
}
