/** The schematic map as buttons: one stop of the tab key, arrows between tiles, Enter and Space. */

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const place = (tile) => [Number(tile.dataset.column), Number(tile.dataset.row)];

/** Let the tiles of `map` be chosen; `toggle` is called with a district. */
export function choosable(map, toggle) {
  const tiles = [...map.querySelectorAll(".tile")];

  function focus(tile) {
    for (const each of tiles) each.setAttribute("tabindex", each === tile ? "0" : "-1");
    tile.focus();
  }

  map.addEventListener("click", (event) => {
    const tile = event.target.closest(".tile");
    if (!tile) return;
    focus(tile);
    toggle(tile.dataset.district);
  });
  map.addEventListener("keydown", (event) => {
    const tile = event.target.closest(".tile");
    if (!tile || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      toggle(tile.dataset.district);
    } else if (event.key in STEPS) {
      event.preventDefault();
      const next = towards(tiles, tile, STEPS[event.key]);
      if (next) focus(next);
    } else if (event.key === "Home" || event.key === "End") {
      event.preventDefault();
      focus(tiles.at(event.key === "Home" ? 0 : -1));
    }
  });
}

/** Return the nearest tile in that direction: straight ahead first, gaps in the grid are skipped. */
function towards(tiles, from, [right, down]) {
  const [column, row] = place(from);
  let best = null;
  let least = Infinity;
  for (const tile of tiles) {
    const [x, y] = place(tile);
    const ahead = (x - column) * right + (y - row) * down;
    const aside = Math.abs(right ? y - row : x - column);
    if (ahead > 0 && ahead + 2 * aside < least) [best, least] = [tile, ahead + 2 * aside];
  }
  return best;
}

/** Show which tiles are chosen; `chosen` tells it of a district. */
export function show(map, chosen) {
  for (const tile of map.querySelectorAll(".tile")) {
    const on = chosen(tile.dataset.district);
    tile.classList.toggle("chosen", on);
    tile.setAttribute("aria-pressed", String(on));
  }
}
