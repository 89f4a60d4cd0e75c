// Package text is the catalogue of everything a person can see: one entry a
// code, in each language. Other packages carry a code and its values ([Msg]);
// the language is chosen where the text is shown.
package text

// Args are the values that an entry names in braces, already formatted.
type Args map[string]string

// Msg is a text not yet put into a language. It is safe to store and to print
// as JSON: its values never hold a secret.
type Msg struct {
	Code string `json:"code"`
	Args Args   `json:"args,omitempty"`
}

// M makes a message from a code and alternating names and values.
func M(code string, pairs ...string) Msg {
	m := Msg{Code: code}
	for i := 0; i+1 < len(pairs); i += 2 {
		if m.Args == nil {
			m.Args = Args{}
		}
		m.Args[pairs[i]] = pairs[i+1]
	}
	return m
}
