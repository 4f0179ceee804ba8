/** Who leads and by how much, as players write it: B+3.5. @param lead Black's, in points, komi included */
export function formatLead(lead: number): string {
  return `${lead >= 0 ? 'B' : 'W'}+${Math.abs(lead).toFixed(1)}`;
}
