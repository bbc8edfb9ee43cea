namespace Parcae.Grains;

/// <summary>A setting of a <see cref="RedisConnection"/> cannot be used. The message has the value, why, and what would be right; never a password.</summary>
public sealed class RedisSettingException : ArgumentException
{
    /// <summary>Creates an exception without a message.</summary>
    public RedisSettingException() { }

    /// <summary>Creates an exception with a message.</summary>
    public RedisSettingException(string message) : base(message) { }

    /// <summary>Creates an exception with a message and a cause.</summary>
    public RedisSettingException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>Creates an exception for a setting.</summary>
    public RedisSettingException(string setting, string problem) : base(problem) => Setting = setting;

    /// <summary>The member of <see cref="RedisConnection"/>, such as <c>PasswordFile</c>; empty: its address.</summary>
    public string Setting { get; } = "";
}

/// <summary>Redis answers and refuses, or what answers must not be trusted.</summary>
public sealed class RedisRefusedException : Exception
{
    /// <summary>Creates an exception without a message.</summary>
    public RedisRefusedException() { }

    /// <summary>Creates an exception with a message.</summary>
    public RedisRefusedException(string message) : base(message) { }

    /// <summary>Creates an exception with a message and a cause.</summary>
    public RedisRefusedException(string message, Exception innerException) : base(message, innerException) { }
}
