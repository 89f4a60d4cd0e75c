package planner

// Veiled reports whether masking changes a field.
func Veiled(field string) bool { return veils[field] != plainWord }
