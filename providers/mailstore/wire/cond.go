package wire

import "strings"

// cond is OK, NO, BAD, BYE or PREAUTH with its response code and text (RFC
// 3501, 7.1).
type cond struct{ status, code, args, text string }

// parseCond reads a condition. A code stands right after the status; brackets
// elsewhere, and a code that is no atom, are text.
func parseCond(s string) cond {
	status, rest, _ := strings.Cut(strings.TrimLeft(s, " \t"), " ")
	c := cond{status: strings.ToUpper(status), text: strings.TrimLeft(rest, " \t")}
	if !strings.HasPrefix(c.text, "[") {
		return c
	}
	end := codeEnd(c.text)
	if end < 0 {
		return c
	}
	code, args, _ := strings.Cut(c.text[1:end], " ")
	if !isCode(code) {
		return c
	}
	c.code, c.args = strings.ToUpper(code), strings.TrimSpace(args)
	c.text = strings.TrimSpace(c.text[end+1:])
	return c
}

// codeEnd finds the bracket that ends a response code: the first outside
// parentheses and quotes, since flags may hold brackets; else the last.
func codeEnd(s string) int {
	depth, quote := 0, false
	for i := 1; i < len(s); i++ {
		switch ch := s[i]; {
		case quote && ch == '\\':
			i++
		case ch == '"':
			quote = !quote
		case quote:
		case ch == '(':
			depth++
		case ch == ')':
			depth--
		case ch == ']' && depth <= 0:
			return i
		}
	}
	return strings.LastIndexByte(s, ']')
}

func isCode(s string) bool {
	for i := range len(s) {
		ch := s[i] | 0x20
		if (ch < 'a' || ch > 'z') && (s[i] < '0' || s[i] > '9') && s[i] != '-' && s[i] != '.' && s[i] != '_' {
			return false
		}
	}
	return s != ""
}

// refused makes the error; command is a name without arguments.
func (c cond) refused(command string) *Refused {
	return &Refused{
		Command: command, Status: c.status,
		Code: readable(c.code), Args: readable(c.args), Text: readable(c.text),
	}
}
