namespace Parcae.Liveput.Traces;

/// <summary>How a trace is written; <see cref="TraceFile"/> describes what each holds.</summary>
public enum TraceFormat
{
    /// <summary>One count a line. Keeps the counts and, if it is not 60 s, the length of an interval.</summary>
    Counts,

    /// <summary><c>minute,added,removed,available</c>. Keeps all but name, segments and zones.</summary>
    Csv,

    /// <summary><c>ms,add|remove,node</c>. Keeps what comes and goes; those there before the trace come at its beginning.</summary>
    Events,

    /// <summary><c>{ metadata: { gap_seconds }, data: [count, ...] }</c>. Keeps the counts and the length of an interval.</summary>
    GapJson,

    /// <summary>Our own: keeps everything.</summary>
    Json,
}
