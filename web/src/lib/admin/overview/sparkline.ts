/** The points of a line through values, in a box of the given size, with the lowest bound at 0. */
export function toPoints(values: number[], width: number, height: number): string {
  if (values.length === 0) return '';
  const most = Math.max(1, ...values);
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  const line = values.length > 1 ? values : [values[0], values[0]];
  return line
    .map((value, index) => {
      const x = values.length > 1 ? index * step : index * width;
      return `${round(x)},${round(height - (value / most) * height)}`;
    })
    .join(' ');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
