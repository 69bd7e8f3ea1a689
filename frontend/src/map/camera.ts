// Which part of the picture is on the screen: `x`, `y` is the picture's point in the upper left corner.
export class Camera {
  x = 0; y = 0; scale = 1; width = 1; height = 1;
  names = 0; // pixels for the names of levels
  private least = 0.05;

  /** The room on the screen, in CSS pixels; what is in its middle stays there. */
  room(width: number, height: number): void {
    this.x += (this.width - width) / 2 / this.scale;
    this.y += (this.height - height) / 2 / this.scale;
    this.width = width;
    this.height = height;
  }

  /** All of a picture of this size, beside the names of levels where there is room for both. */
  fit(width: number, height: number, x = 0, y = 0, most = 1.4): void {
    const margin = 16, names = this.width > 3 * this.names ? this.names : 0;
    const scale = Math.min((this.width - margin - names) / Math.max(width, 1), (this.height - margin) / Math.max(height, 1), most);
    this.scale = Math.max(scale, 0.02);
    this.x = x + width / 2 - (this.width + names) / this.scale / 2;
    this.y = y + height / 2 - this.height / this.scale / 2;
  }

  /** How far out one may go: twice as small as all of it. */
  bound(width: number, height: number): void {
    this.least = Math.min(0.5, 0.5 * Math.min(this.width / Math.max(width, 1), this.height / Math.max(height, 1)));
  }

  pan(dx: number, dy: number): void { this.x -= dx / this.scale; this.y -= dy / this.scale; }

  /** Nearer by a factor, with the point of the screen staying where it is. */
  zoom(factor: number, sx = this.width / 2, sy = this.height / 2): void {
    const next = Math.min(Math.max(this.scale * factor, this.least), 3);
    this.x += sx / this.scale - sx / next;
    this.y += sy / this.scale - sy / next;
    this.scale = next;
  }

  /** To the middle of the screen; nearer if names could not be read. */
  centre(x: number, y: number, readable = 0.75): void {
    if (this.scale < readable) this.scale = readable;
    this.x = x - (this.width + (this.width > 3 * this.names ? this.names : 0)) / this.scale / 2;
    this.y = y - this.height / this.scale / 2;
  }

  toWorld(sx: number, sy: number): [number, number] { return [this.x + sx / this.scale, this.y + sy / this.scale]; }
  toScreen(x: number, y: number): [number, number] { return [(x - this.x) * this.scale, (y - this.y) * this.scale]; }

  /** Is any of a rectangle of the picture on the screen? */
  sees(x: number, y: number, w: number, h: number): boolean {
    return x + w >= this.x && y + h >= this.y && x <= this.x + this.width / this.scale && y <= this.y + this.height / this.scale;
  }
}
