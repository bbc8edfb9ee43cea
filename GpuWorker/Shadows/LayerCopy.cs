using Parcae.GpuWorker.Numerics;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Shadows;

/// <summary>A copy of one layer in host memory that is used again for the next one. The memory is made ready apart from the copying, which others may be waiting for.</summary>
internal sealed class LayerCopy : IDisposable
{
    private readonly List<Tensor> _parts = [];
    private readonly HostStaging _staging = new();
    private Memory<byte>[] _filled = [];

    /// <summary>The version of what was taken.</summary>
    public int Version { get; private set; }

    /// <summary>The tensors' bytes.</summary>
    public IReadOnlyList<Memory<byte>> Parts => _filled;

    /// <summary>Makes room for a layer.</summary>
    public void Prepare(LayerState layer)
    {
        for (int i = 0; i < layer.Tensors.Count; i++)
        {
            if (i < _parts.Count && _parts[i].numel() >= layer.Layout.Length) continue;
            // Zeros: memory is slow when it is touched for the first time.
            var room = zeros(layer.Layout.Length).DetachFromDisposeScope();
            if (i == _parts.Count)
            {
                _parts.Add(room);
            }
            else
            {
                _parts[i].Dispose();
                _parts[i] = room;
            }
        }
    }

    /// <summary>Copies the layer.</summary>
    public void Take(LayerState layer)
    {
        Version = layer.Version;
        _filled = new Memory<byte>[layer.Tensors.Count];
        for (int i = 0; i < _filled.Length; i++)
        {
            var bytes = _staging.ReadBytes(layer.Tensors[i], i);
            _filled[i] = _parts[i].Bytes()[..bytes.Length];
            bytes.CopyTo(_filled[i]);
        }
    }

    public void Dispose()
    {
        foreach (var part in _parts) part.Dispose();
        _staging.Dispose();
    }
}
