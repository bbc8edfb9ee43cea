namespace Parcae.GpuWorker.Transport;

/// <summary>
/// Something that takes many frames and is waited for as a whole: frames that are to come, and memory lent to senders. It is counted up before a thing
/// begins and down when it ends; see <see cref="Mesh.Await"/>.
/// </summary>
internal sealed class MeshWork(Mesh mesh)
{
    private int _open;
    private Exception? _failure;

    /// <summary>What was thrown where nobody could catch it; <see cref="Mesh.Await"/> throws it.</summary>
    public Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>Whether everything that began has ended.</summary>
    public bool IsDone => Volatile.Read(ref _open) == 0;

    /// <summary>What it waits for from peers.</summary>
    internal List<Mailbag> Expected { get; } = [];

    /// <summary>This much more is to be waited for.</summary>
    public void Begin(int count = 1) => Interlocked.Add(ref _open, count);

    /// <summary>One thing less is to be waited for.</summary>
    public void End()
    {
        if (Interlocked.Decrement(ref _open) == 0) mesh.PulseAll();
    }

    /// <summary>It cannot be completed.</summary>
    public void Fail(Exception failure)
    {
        Interlocked.CompareExchange(ref _failure, failure, null);
        mesh.PulseAll();
    }

    /// <summary>Ready for the next time. Only when nothing is open.</summary>
    internal void Reset()
    {
        Expected.Clear();
        (_open, _failure) = (0, null);
    }
}

/// <summary>Takes frames as they come, on the connection's reading thread: it never blocks, and owns the frame.</summary>
internal interface IFrameSink
{
    /// <summary>Takes one part of the frames that it was named for.</summary>
    /// <exception cref="FrameException">It cannot be: the connection is closed.</exception>
    void Take(FrameKey key, FrameBuffer frame);
}

/// <summary>The parts that came of one (kind, step, index) from one peer, or who takes them as they come. Guarded by the mesh's lock.</summary>
internal sealed class Mailbag
{
    public List<(int Part, FrameBuffer Frame)> Frames { get; } = [];

    public (string Peer, FrameKind Kind, int Step, int Index) Address { get; set; }

    public IFrameSink? Sink { get; set; }

    /// <summary>What the sink takes them for.</summary>
    public MeshWork? Work { get; set; }

    /// <summary>Parts that the sink has not been given yet.</summary>
    public int Missing { get; set; }

    /// <summary>Threads that are in the sink.</summary>
    public int Busy { get; set; }

    /// <summary>Whether somebody waits until no thread is in the sink.</summary>
    public bool IsEnding { get; set; }

    public FrameBuffer? Find(int part)
    {
        for (int i = 0; i < Frames.Count; i++)
        {
            if (Frames[i].Part != part) continue;
            var frame = Frames[i].Frame;
            Frames.RemoveAt(i);
            return frame;
        }

        return null;
    }

    public bool Has(int part)
    {
        foreach (var (held, _) in Frames)
        {
            if (held == part) return true;
        }

        return false;
    }
}
