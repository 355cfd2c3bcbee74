// Photos are made smaller on the phone before they are kept or sent. Drawn anew, they carry nothing of what the camera
// noted; the service writes them anew once more.
const LONGEST_SIDE = 1_600;
const THUMBNAIL = 96;
const QUALITY = 0.8;

export async function shrink(input, thumbnails, most) {
  const shrunk = await Promise.all([...input.files].slice(0, most).map(smaller));
  const chosen = new DataTransfer();
  for (const file of shrunk) chosen.items.add(file);
  input.files = chosen.files;
  await show(shrunk, thumbnails);
}

export async function show(files, thumbnails) {
  thumbnails.replaceChildren();
  for (const file of files) {
    const bitmap = await createImageBitmap(file).catch(() => null);
    if (bitmap) thumbnails.append(drawn(bitmap, THUMBNAIL));
  }
}

// A photo that this phone cannot read goes as it is: the service says what to do with it.
async function smaller(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
  if (!bitmap) return file;
  const canvas = drawn(bitmap, LONGEST_SIDE);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  return blob ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : file;
}

function drawn(bitmap, longest) {
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}
