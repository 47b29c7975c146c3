"""A report's document written by hand: every section filled, and one with nothing in it yet."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

LONG = 'traffic light, seen from behind, with <arrows> & "bulbs" that nobody can read at this size'
EVIL = '=HYPERLINK("http://example.com";"click")'
SCRIPT = "<script>alert(1)</script>"


def rated(shown: int, edited: int, rejected: int, *, added: int = 1, kept: int | None = None) -> Json:
    """Return the counts and rates of a group with rough intervals around them."""
    corrected = edited + rejected
    rate = corrected / shown
    kept = shown - rejected if kept is None else kept
    miss = added / (added + kept)
    return {
        "candidates_shown": shown,
        "candidates_accepted": shown - corrected,
        "candidates_edited": edited,
        "candidates_rejected": rejected,
        "candidates_class_changed": edited // 2,
        "candidates_geometry_changed": edited - edited // 3,
        "annotations_promoted": 0,
        "annotations_added": added,
        "edit_rate": rate,
        "edit_rate_interval": [max(rate - 0.06, 0.0), min(rate + 0.08, 1.0)],
        "edit_rate_parts": {
            "class_changed": (edited // 2) / shown,
            "geometry_changed": (edited - edited // 3) / shown,
            "deleted": rejected / shown,
        },
        "miss_rate": miss,
        "miss_rate_interval": [max(miss - 0.03, 0.0), min(miss + 0.05, 1.0)],
    }


def timed(frames: int, seconds: float) -> Json:
    """Return what groups of frames have beside their rates."""
    return {
        "frames_decided": frames,
        "reject_rate": 0.02,
        "reject_rate_interval": [0.01, 0.06],
        "median_seconds_per_frame": seconds,
        "median_seconds_per_frame_interval": [seconds - 0.4, seconds + 0.5],
        "frames_per_hour": 3600 / (seconds * 1.2),
    }


def sample() -> Json:
    """Return a document with every section, in which class names are as nasty as they can be."""
    points = [min(max(0.0, (n - 110) * 0.0125) + (n % 7) * 0.01, 2.0) for n in range(200)]
    return {
        "frames_total": 1200,
        "frames_predicted": 1200,
        "frames_failed": 2,
        "frames_decided": 300,
        "frames_accepted": 220,
        "frames_edited": 70,
        "frames_rejected": 6,
        "frames_hand_labelled": 4,
        "frames_deferred": 3,
        "frames_ever_rejected": 8,
        "candidates_in_rejected_frames": 21,
        "annotations_by_hand": 12,
        **rated(900, 70, 38, added=41),
        "reject_rate": 8 / 300,
        "reject_rate_interval": [0.0135, 0.0517],
        "median_seconds_per_frame": 4.2,
        "median_seconds_per_frame_interval": [3.9, 4.6],
        "p90_seconds_per_frame": 11.3,
        "median_seconds_per_object": 1.4,
        "p90_seconds_per_object": 3.8,
        "frames_per_hour": 640.0,
        "seconds_bins": [
            {"from": low, "to": high, "frames": n}
            for low, high, n in [
                (0.0, 1.0, 4),
                (1.0, 2.0, 31),
                (2.0, 3.0, 62),
                (3.0, 5.0, 104),
                (5.0, 8.0, 51),
                (8.0, 13.0, 30),
                (13.0, 20.0, 12),
                (20.0, 30.0, 4),
                (30.0, 60.0, 1),
                (60.0, None, 1),
            ]
        ],
        "edit_rate_by_frames": [
            {
                "frames": n,
                "candidates_shown": 150,
                "edit_rate": 0.10 + (n % 70) / 900,
                "edit_rate_interval": [0.06 + (n % 70) / 1200, 0.15 + (n % 70) / 700],
            }
            for n in range(50, 301, 5)
        ],
        "by_class": [
            {"class_id": 0, "class": "person", **rated(500, 30, 12)},
            {"class_id": 1, "class": LONG, **rated(210, 25, 14)},
            {"class_id": 2, "class": EVIL, **rated(120, 8, 9)},
            {"class_id": 3, "class": SCRIPT, **rated(55, 5, 3)},
            {"class_id": 4, "class": "信号機", **rated(15, 2, 0)},
        ],
        "by_model": [{"model": "yolo11n.pt", **rated(900, 70, 38), **timed(296, 4.2)}],
        "by_reviewer": [{"reviewer": "Ann", **rated(900, 70, 38), **timed(300, 4.2)}],
        "by_confidence": [
            {"from": 0.25, "to": 0.35, **rated(90, 20, 18)},
            {"from": 0.85, "to": 0.95, **rated(400, 20, 4)},
        ],
        "by_session": [
            {
                "session": f"s{n}",
                "reviewer": "Ann",
                "started": f"2026-08-{n + 10:02}T09:00:00+00:00",
                "seconds": 1500.0 + n,
                **rated(180, 10 + 3 * n, 6),
                **timed(60, 5.0 - n / 4),
            }
            for n in range(5)
        ],
        "by_round": [
            {"round": 1, **rated(500, 50, 28), **timed(170, 4.6)},
            {"round": 2, **rated(400, 20, 10), **timed(126, 3.8)},
        ],
        "by_reason": [
            {"reason": "borderline", **rated(400, 50, 30), **timed(140, 5.2)},
            {"reason": "audit", **rated(120, 5, 3), **timed(40, 3.1)},
            {"reason": "coverage", **rated(18, 2, 1), **timed(6, 3.9)},
        ],
        "by_size": [
            {"size": "tiny", **rated(60, 15, 10)},
            {"size": "small", **rated(240, 25, 14)},
            {"size": "medium", **rated(400, 20, 10)},
            {"size": "large", **rated(200, 10, 4)},
        ],
        "by_place": [
            {"place": "centre", **rated(400, 20, 10)},
            {"place": "side", **rated(350, 25, 13)},
            {"place": "edge", **rated(150, 25, 15)},
        ],
        "estimates": {
            "so_far": {**rated(900, 70, 38), "frames": 296},
            "stream": {**rated(120, 5, 3), "frames": 40},
            "left": {"candidates": 2600, "edit_rate": 0.052, "edit_rate_interval": [0.031, 0.083]},
            "whole": {"edit_rate": 0.069, "edit_rate_interval": [0.048, 0.096]},
        },
        "calibration": {
            "bins": [
                {
                    "from": low,
                    "to": low + 0.1,
                    "predictions": n,
                    "right": round(n * rate),
                    "rate": rate,
                    "rate_interval": [max(rate - 0.5 / n**0.5, 0), min(rate + 0.5 / n**0.5, 1)],
                    "confidence": low + 0.05,
                }
                for low, n, rate in [
                    (0.15, 40, 0.1),
                    (0.25, 30, 0.2),
                    (0.35, 22, 0.45),
                    (0.45, 9, 0.66),
                    (0.55, 12, 0.58),
                    (0.65, 15, 0.8),
                    (0.75, 28, 0.89),
                    (0.85, 80, 0.97),
                ]
            ],
            "frames": 40,
            "gap": 0.063,
        },
        "blind": {
            "frames": 20,
            "objects": 58,
            "missed": 7,
            "miss_rate": 7 / 58,
            "miss_rate_interval": [0.05, 0.22],
            "false_rate": 0.08,
            "false_rate_interval": [0.02, 0.17],
            "review_miss_rate": 0.04,
            "review_miss_rate_interval": [0.01, 0.09],
            "review_reject_rate": 0.03,
            "review_reject_rate_interval": [0.0, 0.08],
            "leaning_missed": 7 / 58 - 0.04,
            "leaning_missed_interval": [0.0, 0.18],
            "leaning_kept": 0.05,
            "leaning_kept_interval": [-0.02, 0.14],
            "late": 2,
            "late_rate": 0.03,
        },
        "checks": {
            "enabled": True,
            "planted": 7,
            "caught": 5,
            "catch_rate": 5 / 6,
            "catch_rate_interval": [0.44, 0.97],
            "passed_over": 1,
            "by_alteration": [
                {"alteration": "shifted", "planted": 3, "caught": 2},
                {"alteration": "class", "planted": 3, "caught": 3},
            ],
            "self_agreement": 0.95,
            "self_agreement_interval": [0.77, 0.99],
        },
        "nodding": {
            "frames": 220,
            "marked": 2,
            "rate": 2 / 220,
            "rate_interval": [0.0025, 0.0325],
            "list": [
                {"frame": "day2/frame_0042.jpg", "seconds": 0.4, "objects": 3, "limit": 1.07},
                {"frame": "=cmd|' /C calc'!A0.jpg", "seconds": 0.5, "objects": 5, "limit": 1.34},
            ],
        },
        "hypotheses": [
            {
                "code": "confusion",
                "sentence": "The model takes a bus for a truck.",
                "evidence": "18 of 45 corrected classes (40%) went from truck to bus.",
                "advice": "Label more of both from the side, and train again.",
                "share": 0.31,
                "frames": ["a.jpg", "b.jpg"],
                "class": "truck",
            },
            {
                "code": "tiny_missed",
                "sentence": "Small objects are missed: <b>not bold</b>.",
                "evidence": "29 of 41 drawn objects are smaller than 1% of the picture.",
                "advice": "Predict at a larger image size.",
                "share": 0.2,
                "frames": ["c.jpg"],
                "class": None,
            },
        ],
        "hypothesis_notes": [
            {
                "session": "s1",
                "wall_clock": "2026-08-11T10:00:00+00:00",
                "round": 1,
                "text": "I think it is the fog.",
                "code": "dark",
                "edit_rate": 0.15,
                "figure": 0.15,
                "now": 0.09,
                "verdict": "better",
            }
        ],
        "drift": {
            "watching": True,
            "frames": 240,
            "false_alarm_rate": 0.05,
            "horizon": 500,
            "alarm": {
                "class": "person",
                "since": "day2/frame_0100.jpg",
                "since_number": 151,
                "since_time": "2026-08-13T09:10:00+00:00",
                "expected": 0.11,
                "observed": 0.24,
                "frames": 35,
                "sentence": "The edit rate of person has risen from 11% to 24% since day2/frame_0100.jpg.",
            },
            "charts": [
                {"class": None, "limit": 1.0, "points": [one * 0.7 for one in points], "alarm_at": None},
                {"class": "person", "limit": 1.0, "points": points, "alarm_at": 188},
            ],
        },
        "roi": {
            "measured": True,
            "frames_by_hand": 12,
            "frames_reviewed": 12,
            "hand_seconds_per_frame": 31.0,
            "review_seconds_per_frame": 6.2,
            "ratio": 5.0,
            "ratio_interval": [3.4, 7.1],
            "saved_hours": 2.1,
            "saved_hours_interval": [1.4, 2.8],
            "spent_hours": 0.5,
            "break_even_frames": 73,
            "setup_seconds": 1800.0,
            "estimate": {
                "marked": True,
                "seconds_per_box": 7.0,
                "how": "extreme clicking",
                "hand_hours": 1.8,
                "saved_hours": 1.3,
                "ratio": 3.6,
            },
            "plain": {"frames": 40, "sentence": "At your 6.2 s, the 40 sampled frames take 4 min."},
        },
        "stop": {
            "frames_left": 895,
            "stream_frames": 40,
            "errors_left": 240.0,
            "errors_left_interval": [130.0, 390.0],
            "errors_per_frame": 0.27,
            "hours_left": 1.4,
            "gain_of_100": {"errors_found": 27.0, "interval_width_now": 0.09, "interval_width_then": 0.05},
            "sentence": "About 240 errors are left in 895 frames.",
        },
        "balance": {
            "undecided": 895,
            "deferred": 3,
            "waiting_for_hand": 6,
            "failed": 2,
            "classes": [
                {"class": "person", "annotations": 512, "frames": 210, "share": 0.6, "few": False},
                {"class": LONG, "annotations": 12, "frames": 9, "share": 0.014, "few": True},
            ],
            "imbalance": 42.7,
            "notes": ["One class has fewer than 20 examples."],
        },
        "notes": ["So far, hard frames first: the edit rate of the whole folder is likely lower."],
    }


def empty() -> Json:
    """Return the document of a project in which nothing was decided yet."""
    rates = ("edit_rate", "reject_rate", "miss_rate", "median_seconds_per_frame")
    return {
        "frames_total": 3,
        "frames_predicted": 0,
        "frames_failed": 0,
        "frames_decided": 0,
        "candidates_shown": 0,
        **dict.fromkeys(rates),
        **{f"{name}_interval": None for name in rates},
        "edit_rate_parts": {"class_changed": None, "geometry_changed": None, "deleted": None},
        **{f"by_{name}": [] for name in ("class", "model", "reviewer", "confidence")},
    }
