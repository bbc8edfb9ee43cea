using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Parcae.GpuWorker.Collectives;
using Parcae.GpuWorker.Faults;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>
/// Reduces a stage's gradients, layer by layer as they become complete, on a thread of its own: while the backward pass goes on below, the layers above are
/// on their way. Then adds the gradients of tied parameters up and takes the layers' shares of the norm.
/// </summary>
internal sealed class GradientReducer : IDisposable
{
    private readonly IReadOnlyList<LayerState> _layers;
    private readonly TreeSink _sink;
    private readonly IAllReduce? _allReduce;
    private readonly TiedExchange _ties;
    private readonly int _microBatches;
    private readonly Tensor[] _reduced;
    private readonly double[] _squares;
    private readonly BlockingCollection<(int Step, int Layer)> _complete = [];
    private readonly SemaphoreSlim _done = new(0);
    private readonly ThreadWatch _watch;
    private readonly FaultInjector _faults;
    private readonly Thread? _thread;
    private ExceptionDispatchInfo? _failure;
    private int _left;

    /// <param name="layers">The stage's layers.</param>
    /// <param name="sink">Where their gradients come in.</param>
    /// <param name="allReduce">Sums over the replicas of the stage; null where there is one replica.</param>
    /// <param name="ties">Adds tied gradients up; becomes this object's.</param>
    /// <param name="microBatches">M.</param>
    /// <param name="watch">Watches the reducing thread.</param>
    /// <param name="faults">Carries faults out.</param>
    public GradientReducer(IReadOnlyList<LayerState> layers, TreeSink sink, IAllReduce? allReduce, TiedExchange ties, int microBatches, ThreadWatch watch, FaultInjector faults)
    {
        (_layers, _sink, _allReduce, _ties, _microBatches, _watch, _faults) = (layers, sink, allReduce, ties, microBatches, watch, faults);
        _squares = new double[layers.Count];
        // A single replica's sums are the whole ones as they are.
        _reduced = allReduce is null ? new Tensor[layers.Count] : [.. layers.Select(l => empty(l.Layout.Length, device: l.Parameters.device).DetachFromDisposeScope())];
        if (allReduce is null) return;
        _thread = new Thread(Run) { IsBackground = true, Name = "reduce" };
        _thread.Start();
    }

    /// <summary>After <see cref="Wait"/>: the sum over all micro-batches, float32 <c>[Length]</c>, one for each layer. Valid until the next step begins.</summary>
    public Tensor[] Reduced => _reduced;

    /// <summary>After <see cref="Wait"/>: sum of squares of the mean gradient, one for each layer.</summary>
    public double[] LayerSquares => _squares;

    /// <summary>Every micro-batch of the block has come in for a layer.</summary>
    public void Complete(int step, int layer)
    {
        if (_thread is not null) _complete.Add((step, layer));
        else Reduce(step, layer);
    }

    /// <summary>Blocks until all layers are reduced.</summary>
    /// <exception cref="Transport.MeshBrokenException">A peer is lost.</exception>
    public void Wait(int step)
    {
        if (_thread is not null)
        {
            using (ThreadWatch.Waiting()) _done.Wait();
        }

        _failure?.Throw();
        _ties.Finish(step, _reduced);
        for (int i = 0; i < _squares.Length; i++)
        {
            if (_ties.Concerns(_layers[i].Layer)) _squares[i] = Norms.SumOfSquares(_layers[i].Layout, _reduced[i], _microBatches);
        }
    }

    /// <summary>The thread ends; whoever waits for peers on it must have been woken.</summary>
    public void Dispose()
    {
        _complete.CompleteAdding();
        _thread?.Join();
        _complete.Dispose();
        _done.Dispose();
        _ties.Dispose();
        if (_allReduce is null) return;
        _allReduce.Dispose();
        foreach (var tensor in _reduced) tensor.Dispose();
    }

    private void Run()
    {
        foreach (var (step, layer) in _complete.GetConsumingEnumerable())
        {
            if (_failure is not null) continue;
            try
            {
                _watch.Begin();
                Reduce(step, layer);
                ThreadWatch.End();
            }
            catch (Exception e)
            {
                // Whatever it is, the training thread throws it where it waits.
                _failure = ExceptionDispatchInfo.Capture(e);
                _done.Release();
                continue;
            }

            if (++_left < _layers.Count) continue;
            _left = 0;
            _done.Release();
        }
    }

    private void Reduce(int step, int layer)
    {
        int i = layer - _layers[0].Layer;
        if (i == _layers.Count / 2) _faults.Pass(FaultPoint.MidAllReduce);
        var own = _sink.Tree(layer).Nodes;
        if (_allReduce is null) _reduced[i] = own[0].Flat;
        else _allReduce.Run(step, layer, [.. own.Select(n => n.Flat)], _reduced[i]);
        _ties.Offer(step, layer, _reduced[i]);
        if (!_ties.Concerns(layer)) _squares[i] = Norms.SumOfSquares(_layers[i].Layout, _reduced[i], _microBatches);
    }
}
