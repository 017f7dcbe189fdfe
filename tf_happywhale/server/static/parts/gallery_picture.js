// A picture of the gallery, or its name where it cannot be shown.
import { query } from "../api.js";
import { make } from "../dom.js";
import { t } from "../texts.js";

export function galleryPicture(image, size, alt) {
  const place = make("span", { class: "picture" });
  const lacking = () => place.replaceChildren(make("span", { class: "hint", text: t("gallery.no_picture") }));
  if (image) {
    const source = query("/v1/gallery/pictures", { image, size });
    place.append(make("img", { src: source, alt, loading: "lazy", onerror: lacking }));
  } else lacking();
  return place;
}
