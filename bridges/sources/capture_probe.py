"""Print the indexes of the cameras that open: `python -m bridges.sources.capture_probe LIMIT`."""

import sys


def main() -> None:
    """Try each index below the limit; one line per camera."""
    import cv2

    for index in range(int(sys.argv[1])):
        capture = cv2.VideoCapture(index)
        if capture.isOpened():
            sys.stdout.write(f"{index}\n")
            sys.stdout.flush()  # the next one may hang
        capture.release()


if __name__ == "__main__":
    main()
