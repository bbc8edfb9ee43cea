using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using Parcae.Grains;
using Parcae.Grains.Telemetry;

namespace Parcae.GpuWorker.Transport;

/// <summary>Fetches layers from all of their holders at once, over one connection to each. What has come stays, whatever happens to the holder that gave it.</summary>
public sealed class StateFetch
{
    private readonly DataPlane _plane;
    private readonly string _jobId;
    private readonly int _generation;
    private readonly byte[] _salt;
    private readonly RangeQueue _queue;
    private readonly Action<WantedLayer> _complete;
    private readonly CancellationTokenSource _over;
    private readonly string _purpose;
    private readonly Activity? _parent = Activity.Current;
    private readonly ConcurrentQueue<Task> _fetches = new();
    private readonly ConcurrentDictionary<string, long> _received = new();
    private Exception? _failure;

    private StateFetch(DataPlane plane, string jobId, int generation, byte[] salt, RangeQueue queue, Action<WantedLayer> complete, CancellationTokenSource over, string purpose) =>
        (_plane, _jobId, _generation, _salt, _queue, _complete, _over, _purpose) = (plane, jobId, generation, salt, queue, complete, over, purpose);

    /// <summary>Fetches layers.</summary>
    /// <param name="plane">Reaches the holders.</param>
    /// <param name="jobId">The job.</param>
    /// <param name="generation">For which generation.</param>
    /// <param name="salt">What the job's secret is derived from, besides the service's.</param>
    /// <param name="wanted">The layers.</param>
    /// <param name="complete">Called for each layer as soon as it is complete; concurrently for several.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="purpose">What the layers are for, for the trace: the number of a stage, or <c>vault</c>.</param>
    /// <returns>Bytes that each holder gave; together those of the layers, as none counts twice.</returns>
    /// <exception cref="InvalidOperationException">A layer has no holder that gives it, or none any more; says what each of them said.</exception>
    public static async Task<IReadOnlyDictionary<string, long>> RunAsync(
        DataPlane plane, string jobId, int generation, byte[] salt, IReadOnlyList<WantedLayer> wanted, Action<WantedLayer> complete, CancellationToken cancellation,
        string purpose = "")
    {
        ArgumentNullException.ThrowIfNull(plane);
        var queue = new RangeQueue(wanted, plane.Options.StateRangeBytes, plane.Options.StateSources);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var stop = over.Token.Register(queue.Stop);
        var fetch = new StateFetch(plane, jobId, generation, salt, queue, complete, over, purpose);
        fetch.Begin();
        // Those that begin in the place of others are there before the others end.
        while (fetch._fetches.TryDequeue(out var one)) await one;
        if (fetch._failure is { } failure) ExceptionDispatchInfo.Throw(failure);
        if (!queue.IsComplete) cancellation.ThrowIfCancellationRequested();
        return fetch._received;
    }

    /// <summary>Begins to fetch from those holders that are to give something and do not; fails where there is none.</summary>
    private void Begin()
    {
        if (_queue.Failure is { } failure)
        {
            Fail(new InvalidOperationException(failure));
            return;
        }

        foreach (var holder in _queue.TakeHolders())
            _fetches.Enqueue(Task.Factory.StartNew(() => Run(holder), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
    }

    private void Fail(Exception failure)
    {
        Interlocked.CompareExchange(ref _failure, failure, null);
        _over.Cancel();
    }

    private void Run(PeerEndpoint holder)
    {
        Activity.Current = _parent;
        using var activity = ParcaeTelemetry.Activities.StartActivity("transfer", ActivityKind.Client);
        activity?.SetTag("from", holder.InstanceId).SetTag("to", _plane.InstanceId).SetTag("generation", _generation).SetTag("stage", _purpose);
        var underWay = new Queue<StateRange>();
        long bytes = 0;
        try
        {
            Fetch(holder, underWay, ref bytes);
        }
        catch (Exception e) when (e is SocketException or IOException or TimeoutException or InvalidDataException or HandshakeRefusedException or OperationCanceledException)
        {
            // When all is over the connections are cut.
            if (_over.IsCancellationRequested) return;
            activity?.SetStatus(ActivityStatusCode.Error, e.Message);
            _queue.Leave(holder, underWay, e.Message);
            Begin();
        }
        catch (Exception e)
        {
            // A bug, or the target took no more.
            Fail(e);
        }
        finally
        {
            activity?.SetTag("bytes", bytes);
            ParcaeTelemetry.TransferBytes.Add(bytes, new KeyValuePair<string, object?>("job", _jobId));
            _received.AddOrUpdate(holder.InstanceId, bytes, (_, before) => before + bytes);
        }
    }

    private void Fetch(PeerEndpoint holder, Queue<StateRange> underWay, ref long bytes)
    {
        using var client = StateClient.Connect(_plane, holder, _jobId, _generation, _salt, _over.Token);
        WantedLayer? last = null;
        while (underWay.Count > 0 || Ask(_queue.Take(holder.InstanceId, last)))
        {
            var range = underWay.Peek();
            last = range.Of;
            try
            {
                client.ReceiveHead(range.Request, range.Of.Target);
            }
            catch (StateNotHeldException e)
            {
                _queue.Refuse(holder, underWay.Dequeue(), e.Message);
                Begin();
                continue;
            }

            // Not before: a holder that waits for the layer keeps no more than one range from others, and sees when this side goes away.
            Ask(_queue.TryTake(holder.InstanceId, last));
            client.ReceiveBytes(range.Request, range.Of.Target);
            underWay.Dequeue();
            bytes += range.Length;
            if (!_queue.Complete(range)) continue;
            _complete(range.Of);
            if (_queue.IsComplete) _over.Cancel();
        }

        bool Ask(StateRange? next)
        {
            if (next is null) return false;
            underWay.Enqueue(next);
            client.Ask(next.Request);
            return true;
        }
    }
}
