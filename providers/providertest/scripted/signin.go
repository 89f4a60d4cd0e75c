package scripted

import (
	"encoding/base64"
	"strings"
)

// authenticate takes PLAIN, and what it takes for a failure as one try.
func (c *conn) authenticate(r *request) string {
	if len(r.words) == 0 || !strings.EqualFold(r.words[0].text, "PLAIN") || c.box != nil {
		return ""
	}
	line := ""
	if len(r.words) > 1 {
		if c.p.has("broken-ir") {
			return c.p.one("broken-ir")
		}
		line = r.words[1].text
	} else {
		if c.say("+ ") != nil {
			return ""
		}
		line, _ = readLine(c.br)
	}
	raw, err := base64.StdEncoding.DecodeString(line)
	parts := strings.Split(string(raw), "\x00")
	if err != nil || len(parts) != 3 {
		return ""
	}
	c.trying(parts[1])
	if f := c.suffer("LOGIN", "AUTHENTICATE PLAIN"); f != nil && f.Act == Answer {
		return f.Text
	}
	return c.signIn(parts[1], parts[2])
}

func (c *conn) signIn(login, password string) string {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	b := c.server.boxes[login]
	if b == nil || b.password != password {
		return c.p.Value("refuse", "NO LOGIN failed.")
	}
	if most, answer, ok := c.p.bound("connections"); ok && b.sessions >= most {
		return answer
	}
	b.sessions++
	c.box = b
	caps := c.p.Value("after", c.p.one("before"))
	text := strings.ReplaceAll(c.p.Value("login", "OK LOGIN completed"), "LOGIN-NAME", login)
	switch c.p.one("tells") {
	case "untagged":
		c.printf("* CAPABILITY %s", caps)
	case "code":
		text = "OK [CAPABILITY " + caps + "]" + strings.TrimPrefix(text, "OK")
	}
	return text
}
