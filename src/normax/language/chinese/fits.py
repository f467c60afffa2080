"""What paths and linear fits say most often, in Chinese."""

__all__ = ["MESSAGES"]

MESSAGES = {
    "the error is smallest at the weakest strength, {at:n}: a weaker one may do better still": (
        "误差在最弱的强度 {at} 处最小：更弱的强度也许更好"
    ),
    "the error is smallest at the strongest strength, {at:n}: a stronger one may do better still": (
        "误差在最强的强度 {at} 处最小：更强的强度也许更好"
    ),
    "the error is smallest at the weakest strength, {at:n}, and level there: this penalty does not help": (
        "误差在最弱的强度 {at} 处最小，并且在那里不再变化：这种惩罚没有帮助"
    ),
    "the error is smallest at the smallest {name}, {at:n}: a smaller one may do better still": (
        "误差在最小的 {name} {at} 处最小：更小的也许更好"
    ),
    "the error is smallest at the largest {name}, {at:n}: a larger one may do better still": (
        "误差在最大的 {name} {at} 处最小：更大的也许更好"
    ),
    "no feature predicts better than the mean: the error is smallest without any": (
        "没有一个特征预测得比均值好：没有任何特征时误差最小"
    ),
    "no column of X has anything to do with y, so there is no strength to begin with": (
        "没有一列与目标有任何关系，因此没有可作起点的强度"
    ),
    "y is the same in every row that counts and at the end of what {family:w} can be: no finite intercept is the best, and that "
    "of these fits stops where the likelihood no longer gains; give rows that differ": (
        "目标在每个计入的行中都相同，且处在 {family} 取值的尽头：没有有限的最佳截距，这些拟合的截距停在似然不再增加之处；"
        "请给出有差别的行"
    ),
    "there is no minimiser at strengths {strengths:n}: the features separate classes, or some of their rows, so that without a "
    "penalty the best coefficients are infinite; these stopped growing where the likelihood no longer gained; {cure:t}": (
        "在强度 {strengths} 处没有最小解：特征把类或类中的一些行完全分开，因此没有惩罚时最佳系数是无穷大；"
        "这里的系数停在似然不再增加之处；{cure}"
    ),
    "there is no minimiser at strengths {strengths:n}: the features tell some rows whose response is 0, so that without a "
    "penalty the best coefficients are infinite; these stopped growing where the likelihood no longer gained; {cure:t}": (
        "在强度 {strengths} 处没有最小解：特征能认出一些目标为 0 的行，因此没有惩罚时最佳系数是无穷大；"
        "这里的系数停在似然不再增加之处；{cure}"
    ),
    "penalise what is free": "请惩罚尚未惩罚的系数",
    "give a strength > 0": "请给一个大于 0 的强度",
    "Objective did not converge. You might want to increase the number of iterations: the duality gap over the null deviance "
    "stayed above tol={tol:n} at strengths {where}; raise max_iter or tol": (
        "没有收敛，或许应增加迭代次数：对偶间隙与空偏差之比在强度 {where} 处仍高于 tol={tol}；请提高 max_iter 或 tol"
    ),
    "weights before a batch norm can evade L1 and L2 by shrinking while the norm scales them back; read their zeros, not their "
    "size, or penalise the norm's own weight": (
        "批归一化之前的权重可以缩小而由归一化再放大，从而避开 L1 和 L2；请看其中的零而不是大小，或惩罚归一化自己的权重"
    ),
    "only some weights are penalised ({names}): with ReLU between them, {free:w} can grow while they shrink; penalise both for a "
    "strength that means something": (
        "只惩罚了部分权重（{names}）：其间有 ReLU，{free} 可以变大而它们缩小；请两者都惩罚，使强度有意义"
    ),
    "cv: {faults:t}, where no finite intercept is the best; shuffle the folds, KFold(shuffle=True), or take fewer of them": (
        "cv：{faults}，那里没有有限的最佳截距；请打乱分折 KFold(shuffle=True)，或减少折数"
    ),
    "fold {k:n} trains on rows that are all {value:n}": "第 {k} 折的训练行全为 {value}",
    "cv: {faults:t}; use folds in which every class trains, such as StratifiedKFold(shuffle=True), or fewer of them": (
        "cv：{faults}；请使每类在每折中都有训练行，例如 StratifiedKFold(shuffle=True)，或减少折数"
    ),
    "fold {k:n} trains on one class alone": "第 {k} 折只有一类可训练",
    "cv: {faults:t}; leave such rows out before folds are made, or shuffle the folds": (
        "cv：{faults}；请在分折之前去掉这样的行，或打乱分折"
    ),
    "fold {k:n} trains on rows of weight 0 alone": "第 {k} 折的训练行权重全为 0",
    "fold {k:n} holds out rows of weight 0 alone": "第 {k} 折的留出行权重全为 0",
    "no strength up to {most:n} left all penalised weights at zero in {epochs:n} epochs; the grid starts there": (
        "直到 {most} 的强度都没有在 {epochs} 轮内使全部受惩罚权重为零；强度从那里开始"
    ),
}
