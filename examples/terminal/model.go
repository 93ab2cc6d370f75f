package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

const (
	// newline stands for a line break in the prompt, which has one line.
	newline = "↵"
	// typingAgain is how long the others believe that one is typing, and a little less.
	typingAgain = 4 * time.Second
	// maxOutgoing is how many messages that are on their way are shown.
	maxOutgoing = 5
	// maxEntered is how many lines the arrow keys bring back.
	maxEntered = 100
)

// model is what is on the screen, as Bubble Tea has it.
type model struct {
	a       *app
	waiting chan<- string
	input   textinput.Model
	now     status
	width   int // columns; 0 until the terminal has told

	texts    []string // to be printed
	printing bool
	quitting bool

	typed   time.Time // when the others were told last
	entered []string  // newest last
	at      int       // in entered; len(entered) is the line that is new
	fresh   string    // the line that is new, while another one is shown
}

func newModel(a *app, waiting chan<- string) *model {
	m := &model{a: a, waiting: waiting, input: textinput.New()}
	m.input.Cursor.SetMode(cursor.CursorStatic)
	m.input.Focus()
	return m
}

func (m *model) Init() tea.Cmd { return nil }

func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width = cmp.Or(msg.Width, 80) // some terminals do not know
		m.fit()
		return m, m.print()
	case textMsg:
		m.texts = append(m.texts, string(msg))
		return m, m.print()
	case printedMsg:
		m.printing = false
		return m, m.print()
	case statusMsg:
		m.now = status(msg)
		m.fit()
		return m, nil
	case quitMsg:
		m.quitting = true
		return m, m.print()
	case tea.KeyMsg:
		return m, m.key(msg)
	}
	return m, nil
}

// key does what a key says.
func (m *model) key(msg tea.KeyMsg) tea.Cmd {
	// Letters that come at once, as in a paste, are text, also where they are the name
	// of a key, such as "end": by that the input would take them for it.
	if msg.Paste || msg.Type == tea.KeyRunes && len(msg.Runes) > 1 {
		text := strings.NewReplacer("\r\n", newline, "\r", newline, "\n", newline).Replace(string(msg.Runes))
		return m.edit(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text), Paste: true})
	}
	switch msg.Type {
	case tea.KeyCtrlC:
		m.quitting = true // so that the prompt goes
		return tea.Quit
	case tea.KeyCtrlD:
		if m.input.Value() == "" {
			m.enter("/quit")
			return nil
		}
	case tea.KeyEnter:
		if msg.Alt {
			return m.edit(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(newline)})
		}
		m.enter(m.input.Value())
		return nil
	case tea.KeyCtrlJ:
		return m.edit(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(newline)})
	case tea.KeyUp:
		m.recall(-1)
		return nil
	case tea.KeyDown:
		m.recall(1)
		return nil
	case tea.KeyCtrlV:
		return nil // the clipboard is the terminal's to paste
	}
	return m.edit(msg)
}

// edit changes the line, and tells the others that one is typing.
func (m *model) edit(msg tea.KeyMsg) tea.Cmd {
	before := m.input.Value()
	var cmd tea.Cmd
	m.input, cmd = m.input.Update(msg)
	text := m.input.Value()
	if text == before || text == "" || strings.HasPrefix(text, "/") || time.Since(m.typed) < typingAgain {
		return cmd
	}
	m.typed = time.Now()
	return tea.Batch(cmd, func() tea.Msg { m.a.typing(); return nil })
}

// enter hands the line over.
func (m *model) enter(line string) {
	if strings.TrimSpace(line) == "" {
		return
	}
	m.a.sending.Add(1)
	select {
	case m.waiting <- strings.ReplaceAll(line, newline, "\n"):
	default:
		m.a.sending.Add(-1)
		m.texts = append(m.texts, "! too many lines wait to be sent")
		return
	}
	m.typed = time.Time{} // a message ends it
	if m.entered = append(m.entered, line); len(m.entered) > maxEntered {
		m.entered = m.entered[1:]
	}
	m.at, m.fresh = len(m.entered), ""
	m.input.Reset()
}

// recall brings back what was entered before.
func (m *model) recall(by int) {
	to := m.at + by
	if to < 0 || to > len(m.entered) {
		return
	}
	if m.at == len(m.entered) {
		m.fresh = m.input.Value()
	}
	m.at = to
	text := m.fresh
	if to < len(m.entered) {
		text = m.entered[to]
	}
	m.input.SetValue(text)
	m.input.CursorEnd()
}

// printedMsg says that what was to be printed is.
type printedMsg struct{}

// print puts the texts above the prompt. One print at a time is under way, since two
// might overtake each other.
func (m *model) print() tea.Cmd {
	switch {
	case m.printing:
		return nil
	case m.quitting && (len(m.texts) == 0 || m.width == 0):
		return tea.Quit
	case m.width == 0:
		return nil
	case len(m.texts) == 0:
		return nil
	}
	var out []string
	for _, text := range m.texts {
		out = append(out, m.wrap(text))
	}
	m.texts, m.printing = nil, true
	return tea.Sequence(tea.Println(strings.Join(out, "\n")), func() tea.Msg { return printedMsg{} })
}

// wrap breaks a text to the width of the terminal, its further lines below the first.
func (m *model) wrap(text string) string {
	var out []string
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			line = strings.TrimPrefix(line, margin)
		}
		for j, part := range strings.Split(ansi.Wrap(line, max(1, m.width-len(margin)), ""), "\n") {
			if i+j > 0 && m.width > len(margin) {
				part = margin + part
			}
			out = append(out, part)
		}
	}
	return strings.Join(out, "\n")
}

// fit makes the prompt, and gives the line what is left of the width.
func (m *model) fit() {
	prompt := cleanLine(m.now.room)
	if prompt == "" {
		prompt = "(no room)"
	}
	var others []string
	for _, u := range m.now.unread {
		others = append(others, u.String())
	}
	if len(others) > 0 {
		prompt += " (" + strings.Join(others, ", ") + ")"
	}
	prompt = ansi.Truncate(prompt, max(1, m.width/2), "…")
	m.input.Prompt = m.a.paint.bold(prompt) + "> "
	m.input.Width = max(1, m.width-ansi.StringWidth(m.input.Prompt)-1)
	m.input.SetCursor(m.input.Position()) // which brings it into view
}

// View is the messages that are on their way, the line of what is so just now, and the
// prompt.
func (m *model) View() string {
	if m.quitting || m.width == 0 {
		return ""
	}
	var parts []string
	if m.now.offline != "" {
		parts = append(parts, m.now.offline)
	} else {
		parts = append(parts, fmt.Sprint(m.now.here, " here"))
	}
	if n := m.a.sending.Load() + int64(m.now.sending); n > 0 {
		parts = append(parts, fmt.Sprint(n, " being sent"))
	}
	if m.now.typing != "" {
		parts = append(parts, m.now.typing+" typing…")
	}
	line := ansi.Truncate(strings.Join(parts, " · "), max(1, m.width-1), "…")
	var outgoing strings.Builder
	for _, o := range m.now.outgoing {
		text := ansi.Truncate(o.String(), max(1, m.width-1), "…")
		if o.failed == "" {
			text = m.a.paint.dim(text)
		}
		outgoing.WriteString(text + "\n")
	}
	if m.now.more > 0 {
		fmt.Fprintf(&outgoing, "… and %d more\n", m.now.more)
	}
	// A terminal that was made narrower has broken the old prompt: its rest goes.
	return outgoing.String() + m.a.paint.dim(line) + "\n" + m.input.View() + ansi.EraseScreenBelow
}
