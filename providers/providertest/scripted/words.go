package scripted

import (
	"bufio"
	"strconv"
	"strings"
)

// word is a piece of a command: an atom, a string, or a parenthesis.
type word struct {
	text   string
	quoted bool // a string: quoted or a literal
}

// opening gives the length of the literal that a line ends in, if it does.
func opening(line string) (n int, plus, ok bool) {
	at := strings.LastIndexByte(line, '{')
	if at < 0 || !strings.HasSuffix(line, "}") {
		return 0, false, false
	}
	number, plus := strings.CutSuffix(line[at+1:len(line)-1], "+")
	n, err := strconv.Atoi(number)
	return n, plus, err == nil && n >= 0
}

// split takes a line without its line end apart; ok is false for an open quote.
func split(line string) (words []word, ok bool) {
	for line != "" {
		switch line[0] {
		case ' ':
			line = line[1:]
		case '(', ')':
			words, line = append(words, word{text: line[:1]}), line[1:]
		case '"':
			text, rest, closed := quotedWord(line[1:])
			if !closed {
				return nil, false
			}
			words, line = append(words, word{text, true}), rest
		default:
			n := atomEnd(line)
			words, line = append(words, word{text: line[:n]}), line[n:]
		}
	}
	return words, true
}

func quotedWord(s string) (text, rest string, closed bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			return b.String(), s[i+1:], true
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}

// atomEnd finds the end of an atom; brackets hold blanks, as in BODY[… (…)].
func atomEnd(s string) int {
	inside := false
	for i := range len(s) {
		switch ch := s[i]; {
		case ch == '[':
			inside = true
		case ch == ']':
			inside = false
		case !inside && strings.IndexByte(` ()"`, ch) >= 0:
			return max(i, 1)
		}
	}
	return len(s)
}

// bracketed gives the words within the first parentheses and those after them.
func bracketed(words []word) (in, after []word) {
	if len(words) == 0 || words[0].text != "(" || words[0].quoted {
		return nil, words
	}
	depth := 0
	for i, w := range words {
		switch {
		case w.quoted:
		case w.text == "(":
			depth++
		case w.text == ")":
			if depth--; depth == 0 {
				return words[1:i], words[i+1:]
			}
		}
	}
	return words[1:], nil
}

func texts(words []word) (all []string) {
	for _, w := range words {
		all = append(all, w.text)
	}
	return all
}

func readLine(br *bufio.Reader) (string, error) {
	line, err := br.ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}
