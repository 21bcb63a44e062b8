"""What `make calibrate-faces` writes: figures, a picture of the curves, words."""

import json
from pathlib import Path
from typing import Any

from integrations.vision.face_rule import FaceRule
from trainer.charts import det_png
from trainer.faces import Pairs, PicturesUnusable, curve, encode_folder, pair_up, rates

_BANDS = {"alike": "通过 pass", "unsure": "待定 unsure", "different": "不符 different"}
_TRUTHS = {"genuine": "同一个人 genuine", "impostor": "不同的人 impostor"}


def calibrate(folder: Path, out: Path, rule: FaceRule) -> str:
    """Measure the pictures in `folder`, write `calibration.json` and `det.png` into `out`.

    Only rates are written: no template, no distance of single pictures, no person's name but those
    of pictures that could not be used. Returns the summary. Raises PicturesUnusable.
    """
    if not folder.is_dir():
        raise PicturesUnusable(f"没有这个文件夹：{folder}")
    pairs = pair_up(*encode_folder(folder), rule)
    found = rates(pairs)
    out.mkdir(parents=True, exist_ok=True)
    (out / "calibration.json").write_text(
        json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8"
    )
    (out / "det.png").write_bytes(_picture(pairs))
    return summary(found)


def summary(found: dict[str, Any]) -> str:
    """The figures in words."""
    pairs = found["pairs"]
    lines = [
        f"{found['people']} 个人，{found['pictures']} 张照片；同人 {pairs['genuine']} 对，"
        f"不同人 {pairs['impostor']} 对。"
    ]
    if found["unread"]:
        lines.append("没有找到脸：" + "、".join(found["unread"]))
    for name, model in found["models"].items():
        lines.append(f"{name}: EER {model['eer']:.2%}（阈值 {model['eer_threshold']}）")
        for one in model["proposed"]:
            far, frr = one["far"], one["frr"]
            lines.append(
                f"  FAR ≤ {one['wanted_far']:g}: 阈值 {one['threshold']}，"
                f"FAR {_words(far)}，FRR {_words(frr)}"
            )
    lines.append("现在的规则 rule in force（95 % 区间：按对 / 按人重抽）：")
    for truth, bands in found["rule"].items():
        for band, rate in bands.items():
            low, high = rate["by_person"]
            lines.append(
                f"  {_TRUTHS[truth]} → {_BANDS[band]}: {_words(rate)} / {low:.2%}–{high:.2%}"
            )
    return "\n".join([*lines, *(f"注意：{one}" for one in found["warnings"])])


def _words(rate: dict[str, Any]) -> str:
    share = f"{rate['count']}/{rate['of']} = {rate['rate']:.3%}"
    return f"{share}（{rate['low']:.3%}–{rate['high']:.3%}）"


def _picture(pairs: Pairs) -> bytes:
    curves = {name: curve(scores, pairs.same)[1:] for name, scores in pairs.scores.items()}
    return det_png(curves, "误认率和误拒率 DET")
