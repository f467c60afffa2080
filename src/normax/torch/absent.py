"""What of PyTorch's names there is not, and what to write instead: for errors and the page of names."""

from __future__ import annotations

__all__ = ["METHODS", "reason"]

_SPARSE = "tensors are dense; write torch.mm(x, y), x * mask, or x.to_dense() where the data are read"
_QUANTISED = "nothing is quantised; net.to('bfloat16') halves the memory"
_HOOKS = "gradients are values that nx.value_and_grad(net, loss_fn)(x, y) returns: change them there"
_SOLVERS = "write torch.linalg.{qr, lu, solve, lstsq, eig, eigh}"
_RANDOM = "write torch.manual_seed(seed)"

#: Methods of `Tensor` that are not there, parted by spaces -> why.
METHODS = {
    """to_sparse to_sparse_bsc to_sparse_bsr to_sparse_coo to_sparse_csc to_sparse_csr sparse_mask sparse_dim dense_dim
    coalesce indices values crow_indices col_indices ccol_indices row_indices is_sparse_csr sparse_resize_
    sparse_resize_and_clear_ resize_as_sparse_ smm sspaddmm to_padded_tensor""": _SPARSE,
    """dequantize int_repr q_per_channel_axis q_per_channel_scales q_per_channel_zero_points q_scale q_zero_point
    qscheme""": _QUANTISED,
    """to_mkldnn is_mkldnn ipu is_ipu xpu mtia is_mtia is_maia is_vulkan storage storage_type untyped_storage
    const_data_ptr record_stream hash_tensor is_set_to dim_order as_subclass module_load""": (
        "it is of PyTorch's memory and devices, which XLA has in other ways"
    ),
    "register_hook register_post_accumulate_grad_hook grad_dtype reinforce": _HOOKS,
    "geqrf orgqr ormqr lu lu_solve lstsq eig symeig solve": _SOLVERS,
    """as_strided_ as_strided_scatter map2_ narrow_copy new_empty_strided nonzero_static resize resize_as slice_inverse
    chalf name volatile index""": "seldom used or deprecated; the forms without these names do the same",
}

#: Names under `torch`, parted by spaces -> what to write instead; also for all that lies below them.
_NAMES = {
    """sparse sparse_coo_tensor sparse_csr_tensor sparse_csc_tensor sparse_bsr_tensor sparse_bsc_tensor
    sparse_compressed_tensor smm dsmm hsmm hspmm saddmm sspaddmm""": _SPARSE,
    """ao quantization nn.quantized nn.qat nn.intrinsic nn.quantizable quantize_per_tensor quantize_per_channel
    quantize_per_tensor_dynamic dequantize qint8 quint8 qint32""": _QUANTISED,
    "nested": "batches are padded arrays here: torch.nn.utils.rnn.pad_sequence(list, batch_first=True) and a mask",
    "profiler autograd.profiler cuda.nvtx": "with jax.profiler.trace(folder): ... writes what a profile shows",
    "utils.tensorboard": "write from tensorboardX import SummaryWriter",
    "utils.cpp_extension": "operators in C cannot be traced; write them with torch's functions",
    "utils.mobile_optimizer utils.bundled_inputs export": (
        "jax.export writes compiled programs; nx.save writes weights"
    ),
    "distributed multiprocessing": "nx.path lays its lanes over all devices by itself; leave it out",
    "autograd.set_detect_anomaly autograd.detect_anomaly": "write jax.config.update('jax_debug_nans', True)",
    "optim.LBFGS": (
        "it evaluates the loss again within a step; write torch.optim.Adam(net.parameters(), lr=1e-2), or minimise "
        "nx.functional_call with optax.lbfgs"
    ),
    "optim.SparseAdam": "gradients are dense here; write torch.optim.Adam(net.parameters())",
    "optim.Adafactor": "write optax.adafactor(1e-3)",
    "optim.Muon": "write optax.contrib.muon(1e-3)",
    "optim.swa_utils": "a running average of the weights is nx.fit(..., ema=0.999)",
    "optim.lr_scheduler.MultiplicativeLR": (
        "write torch.optim.lr_scheduler.LambdaLR, whose factors are of the first rate"
    ),
    "nn.utils.skip_init": "write the layer itself: drawing costs little",
    "utils.data.DistributedSampler utils.data.IterDataPipe utils.data.MapDataPipe": (
        "write a torch.utils.data.Dataset, which nx.fit takes"
    ),
    "get_rng_state set_rng_state cuda.get_rng_state cuda.set_rng_state random.fork_rng": _RANDOM,
    "geqrf orgqr ormqr lu_solve": _SOLVERS,
    "lstm gru rnn_tanh rnn_relu lstm_cell gru_cell": "write nn.LSTM, nn.GRU, nn.RNN or their cells",
    "cuda.Stream cuda.Event cuda.stream cuda.CUDAGraph cuda.graph": "XLA orders what runs by itself; leave it out",
}


def _by_name(table: dict[str, str]) -> dict[str, str]:
    return {name: said for names, said in table.items() for name in names.split()}


_INSTEAD = _by_name(_NAMES) | {f"Tensor.{name}": said for name, said in _by_name(METHODS).items()}


def reason(path: str) -> str:
    """What to write instead of a name of torch's, given without `torch.`; empty where nothing is known.

    Example:
        >>> reason("utils.tensorboard.SummaryWriter")
        'write from tensorboardX import SummaryWriter'
        >>> reason("Tensor.no_such")
        ''
    """
    parts = path.split(".")
    known = (_INSTEAD.get(".".join(parts[:count])) for count in range(len(parts), 0, -1))
    return next(filter(None, known), "")
