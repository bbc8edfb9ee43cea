namespace Parcae.Silo;

/// <summary>What a caller of the HTTP API may do; each role may do what those before it may.</summary>
public enum ApiRole
{
    /// <summary>Reads.</summary>
    Viewer,

    /// <summary>Submits, pauses, resumes and cancels jobs.</summary>
    Submitter,

    /// <summary>Drains instances and finishes jobs, and sees the Orleans dashboard.</summary>
    Admin,
}
