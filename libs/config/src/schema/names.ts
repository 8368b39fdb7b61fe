/** proto3 JSON's name of a field: `match_labels` is `matchLabels`. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_whole, letter: string) => letter.toUpperCase());
}
