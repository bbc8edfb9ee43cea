namespace Parcae.GpuWorker.Transport;

/// <summary>The mesh cannot go on: the step in progress is to be abandoned.</summary>
public abstract class MeshBrokenException : Exception
{
    private protected MeshBrokenException(string message) : base(message) { }
}

/// <summary>A required peer's connection broke without a farewell.</summary>
public sealed class PeerLostException : MeshBrokenException
{
    internal PeerLostException(string peer, bool refused, string reason)
        : base($"Peer {peer} was lost ({(refused ? "its process is gone" : "its process may live")}): {reason}") =>
        (PeerInstanceId, Refused, Reason) = (peer, refused, reason);

    /// <summary>Who.</summary>
    public string PeerInstanceId { get; }

    /// <summary>Whether a fresh connection was refused (or answered by someone else): the process is gone.</summary>
    public bool Refused { get; }

    /// <summary>What was seen of it.</summary>
    public string Reason { get; }
}

/// <summary>A peer closed its mesh in an orderly way and will not send what is waited for: it halted, it is not lost.</summary>
public sealed class PeerHaltedException : MeshBrokenException
{
    internal PeerHaltedException(string peer, int generation)
        : base($"Peer {peer} halted generation {generation}.") => PeerInstanceId = peer;

    /// <summary>Who.</summary>
    public string PeerInstanceId { get; }
}

/// <summary>This side closed the mesh.</summary>
public sealed class MeshClosedException : MeshBrokenException
{
    internal MeshClosedException(string jobId, int generation)
        : base($"The mesh of job {jobId}, generation {generation}, was closed on this side.") { }
}
