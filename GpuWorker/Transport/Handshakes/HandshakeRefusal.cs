namespace Parcae.GpuWorker.Transport;

/// <summary>Why a handshake was refused.</summary>
public enum HandshakeRefusal : byte
{
    /// <summary>The other side speaks another protocol or version of it.</summary>
    WrongProtocol = 1,

    /// <summary>The other side does not know the job.</summary>
    UnknownJob = 2,

    /// <summary>The two sides hold different secrets.</summary>
    WrongSecret = 3,

    /// <summary>The generation is older than the other side accepts.</summary>
    StaleGeneration = 4,

    /// <summary>The other side has not opened the generation.</summary>
    UnknownGeneration = 5,

    /// <summary>The peer is already connected.</summary>
    AlreadyConnected = 6,

    /// <summary>Another instance listens at the address.</summary>
    WrongInstance = 7,

    /// <summary>The other side serves no state of the job.</summary>
    NoState = 8,
}

/// <summary>A peer refused the connection, or was refused by the dialer.</summary>
public sealed class HandshakeRefusedException : Exception
{
    internal HandshakeRefusedException(string peer, HandshakeRefusal refusal, string jobId, int generation, int theirs)
        : base(Describe(peer, refusal, jobId, generation, theirs)) =>
        (PeerInstanceId, Refusal, Generation, PeerGeneration) = (peer, refusal, generation, theirs);

    /// <summary>Who was dialled.</summary>
    public string PeerInstanceId { get; }

    /// <summary>Why.</summary>
    public HandshakeRefusal Refusal { get; }

    /// <summary>The generation asked for.</summary>
    public int Generation { get; }

    /// <summary>The newest generation that the peer knows; 0 when it told none.</summary>
    public int PeerGeneration { get; }

    private static string Describe(string peer, HandshakeRefusal refusal, string jobId, int generation, int theirs) => refusal switch
    {
        HandshakeRefusal.WrongProtocol => $"{peer} speaks another protocol or version.",
        HandshakeRefusal.UnknownJob => $"{peer} does not know job {jobId}.",
        HandshakeRefusal.WrongSecret => $"{peer} does not share the secret of job {jobId}.",
        HandshakeRefusal.StaleGeneration => $"{peer} refused generation {generation} of job {jobId}: it is at generation {theirs}.",
        HandshakeRefusal.UnknownGeneration => $"{peer} has not opened generation {generation} of job {jobId}: it is at generation {theirs}.",
        HandshakeRefusal.AlreadyConnected => $"{peer} is already connected in generation {generation} of job {jobId}.",
        HandshakeRefusal.WrongInstance => $"Another instance listens where {peer} is expected.",
        HandshakeRefusal.NoState => $"{peer} serves no state of job {jobId}.",
        _ => $"{peer} refused the connection with code {(byte)refusal}.",
    };
}
